import com.datastax.oss.driver.api.core.DefaultProtocolVersion;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import com.datastax.oss.driver.api.core.type.ListType;
import com.datastax.oss.driver.api.core.type.MapType;
import com.datastax.oss.driver.api.core.type.SetType;
import com.datastax.oss.driver.api.core.type.TupleType;
import com.datastax.oss.driver.api.core.type.UserDefinedType;
import com.datastax.oss.driver.api.core.type.VectorType;
import com.datastax.oss.driver.api.core.type.codec.TypeCodec;
import com.datastax.oss.driver.api.core.type.codec.registry.CodecRegistry;
import com.datastax.oss.driver.internal.core.context.DefaultDriverContext;
import com.datastax.oss.driver.internal.core.metadata.token.Murmur3TokenFactory;
import com.datastax.oss.driver.internal.core.protocol.ByteBufPrimitiveCodec;
import com.datastax.oss.driver.internal.core.protocol.Lz4Compressor;
import com.datastax.oss.driver.internal.core.protocol.SnappyCompressor;
import com.datastax.oss.driver.internal.core.type.UserDefinedTypeBuilder;
import com.datastax.oss.protocol.internal.Compressor;
import com.datastax.oss.protocol.internal.Frame;
import com.datastax.oss.protocol.internal.FrameCodec;
import com.datastax.oss.protocol.internal.Message;
import com.datastax.oss.protocol.internal.ProtocolConstants;
import com.datastax.oss.protocol.internal.Segment;
import com.datastax.oss.protocol.internal.SegmentCodec;
import com.datastax.oss.protocol.internal.request.AuthResponse;
import com.datastax.oss.protocol.internal.request.Batch;
import com.datastax.oss.protocol.internal.request.Execute;
import com.datastax.oss.protocol.internal.request.Options;
import com.datastax.oss.protocol.internal.request.Prepare;
import com.datastax.oss.protocol.internal.request.Query;
import com.datastax.oss.protocol.internal.request.Register;
import com.datastax.oss.protocol.internal.request.Startup;
import com.datastax.oss.protocol.internal.request.query.QueryOptions;
import com.datastax.oss.protocol.internal.response.AuthChallenge;
import com.datastax.oss.protocol.internal.response.AuthSuccess;
import com.datastax.oss.protocol.internal.response.Authenticate;
import com.datastax.oss.protocol.internal.response.Error;
import com.datastax.oss.protocol.internal.response.Ready;
import com.datastax.oss.protocol.internal.response.Supported;
import com.datastax.oss.protocol.internal.response.error.AlreadyExists;
import com.datastax.oss.protocol.internal.response.error.FunctionFailure;
import com.datastax.oss.protocol.internal.response.error.ReadFailure;
import com.datastax.oss.protocol.internal.response.error.ReadTimeout;
import com.datastax.oss.protocol.internal.response.error.Unavailable;
import com.datastax.oss.protocol.internal.response.error.Unprepared;
import com.datastax.oss.protocol.internal.response.error.WriteFailure;
import com.datastax.oss.protocol.internal.response.error.WriteTimeout;
import com.datastax.oss.protocol.internal.response.event.SchemaChangeEvent;
import com.datastax.oss.protocol.internal.response.event.StatusChangeEvent;
import com.datastax.oss.protocol.internal.response.event.TopologyChangeEvent;
import com.datastax.oss.protocol.internal.response.result.ColumnSpec;
import com.datastax.oss.protocol.internal.response.result.DefaultRows;
import com.datastax.oss.protocol.internal.response.result.Prepared;
import com.datastax.oss.protocol.internal.response.result.RawType;
import com.datastax.oss.protocol.internal.response.result.RowsMetadata;
import com.datastax.oss.protocol.internal.response.result.SchemaChange;
import com.datastax.oss.protocol.internal.response.result.SetKeyspace;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Writes what Cassandra's own Java driver puts on the wire, as lines of words: "write DIR". With "check FILE" it reads lines that our
 * client wrote (name, version, compression, bytes) and sees that they mean what its own lines of that name mean.
 */
public class Golden {
  static final ByteBufPrimitiveCodec PRIMITIVES = new ByteBufPrimitiveCodec(ByteBufAllocator.DEFAULT);
  static final Compressor<ByteBuf> NONE = Compressor.none();
  static final int STREAM = 300;

  static String hex(ByteBuf bytes) {
    return ByteBufUtil.hexDump(bytes);
  }

  static ByteBuffer bytes(int... values) {
    byte[] all = new byte[values.length];
    for (int i = 0; i < values.length; i++) all[i] = (byte) values[i];
    return ByteBuffer.wrap(all);
  }

  static byte[] array(int... values) {
    return bytes(values).array();
  }

  static Compressor<ByteBuf> compressor(String name) {
    if (name.equals("none")) return NONE;
    // The driver's own, which want nothing of the context but a name for messages.
    var context = new DefaultDriverContext(com.datastax.oss.driver.api.core.config.DriverConfigLoader.programmaticBuilder().build(),
        com.datastax.oss.driver.api.core.session.ProgrammaticArguments.builder().build());
    return name.equals("lz4") ? new Lz4Compressor(context) : new SnappyCompressor(context);
  }

  // ---- requests -----------------------------------------------------------------------------------------------------------------

  static QueryOptions options(int level, List<ByteBuffer> values, Map<String, ByteBuffer> named, boolean skip, int page, ByteBuffer state,
      int serial, long timestamp, String keyspace, int now) {
    return new QueryOptions(level, values, named, skip, page, state, serial, timestamp, keyspace, now);
  }

  static QueryOptions plain(int level, List<ByteBuffer> values) {
    return options(level, values, Collections.emptyMap(), false, -1, null, ProtocolConstants.ConsistencyLevel.SERIAL,
        QueryOptions.NO_DEFAULT_TIMESTAMP, null, QueryOptions.NO_NOW_IN_SECONDS);
  }

  static Map<String, Message> requests(int version) {
    Map<String, Message> all = new LinkedHashMap<>();
    Map<String, String> startup = new TreeMap<>();
    startup.put("CQL_VERSION", "3.0.0");
    startup.put("COMPRESSION", "lz4");
    startup.put("DRIVER_NAME", "Holdfast");
    startup.put("DRIVER_VERSION", "0.1.0");
    all.put("startup", new Startup(startup));
    all.put("options", Options.INSTANCE);
    all.put("register", new Register(Arrays.asList("TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE")));
    all.put("auth_response", new AuthResponse(ByteBuffer.wrap("\0user\0pass wörd".getBytes(StandardCharsets.UTF_8))));
    List<ByteBuffer> values = new ArrayList<>();
    values.add(bytes(0, 0, 0, 7));
    values.add(null);
    values.add(ProtocolConstants.UNSET_VALUE);
    values.add(bytes());
    all.put("query", new Query("SELECT * FROM t", plain(ProtocolConstants.ConsistencyLevel.ONE, Collections.emptyList())));
    all.put("query_values", new Query("INSERT INTO t (a, b, c, d) VALUES (?, ?, ?, ?)", plain(ProtocolConstants.ConsistencyLevel.ALL, values)));
    Map<String, ByteBuffer> named = new LinkedHashMap<>();
    named.put("a", bytes(1));
    named.put("b", null);
    all.put("query_named", new Query("INSERT INTO t (a, b) VALUES (:a, :b)",
        options(ProtocolConstants.ConsistencyLevel.QUORUM, Collections.emptyList(), named, false, -1, null,
            ProtocolConstants.ConsistencyLevel.SERIAL, QueryOptions.NO_DEFAULT_TIMESTAMP, null, QueryOptions.NO_NOW_IN_SECONDS)));
    all.put("prepare", new Prepare("SELECT word FROM t WHERE id = ?"));
    byte[] id = array(0xca, 0xfe, 0xba, 0xbe), metadata = array(9, 8, 7);
    all.put("execute", new Execute(id, metadata, plain(ProtocolConstants.ConsistencyLevel.LOCAL_QUORUM, values)));
    all.put("execute_page", new Execute(id, metadata,
        options(ProtocolConstants.ConsistencyLevel.LOCAL_ONE, Collections.emptyList(), Collections.emptyMap(), true, 5000, bytes(1, 2, 3),
            ProtocolConstants.ConsistencyLevel.SERIAL, QueryOptions.NO_DEFAULT_TIMESTAMP, null, QueryOptions.NO_NOW_IN_SECONDS)));
    all.put("execute_stamped", new Execute(id, metadata,
        options(ProtocolConstants.ConsistencyLevel.EACH_QUORUM, values, Collections.emptyMap(), false, -1, null,
            ProtocolConstants.ConsistencyLevel.LOCAL_SERIAL, 1_700_000_000_123_456L, null, QueryOptions.NO_NOW_IN_SECONDS)));
    List<Object> statements = Arrays.asList(id, "DELETE FROM t WHERE id = 1", id);
    List<List<ByteBuffer>> each = Arrays.asList(values, Collections.emptyList(), Arrays.asList(bytes(5), bytes(6)));
    for (byte kind : new byte[] {ProtocolConstants.BatchType.LOGGED, ProtocolConstants.BatchType.UNLOGGED})
      all.put(kind == ProtocolConstants.BatchType.LOGGED ? "batch_logged" : "batch_unlogged", new Batch(kind, statements, each,
          ProtocolConstants.ConsistencyLevel.LOCAL_QUORUM, ProtocolConstants.ConsistencyLevel.SERIAL, QueryOptions.NO_DEFAULT_TIMESTAMP,
          null, QueryOptions.NO_NOW_IN_SECONDS));
    all.put("batch_stamped", new Batch(ProtocolConstants.BatchType.UNLOGGED, statements, each, ProtocolConstants.ConsistencyLevel.EACH_QUORUM,
        ProtocolConstants.ConsistencyLevel.LOCAL_SERIAL, 42L, null, QueryOptions.NO_NOW_IN_SECONDS));
    if (version >= 5) {
      all.put("prepare_keyspace", new Prepare("SELECT word FROM t WHERE id = ?", "shop"));
      all.put("execute_keyspace", new Execute(id, metadata,
          options(ProtocolConstants.ConsistencyLevel.TWO, values, Collections.emptyMap(), true, 100, bytes(4),
              ProtocolConstants.ConsistencyLevel.LOCAL_SERIAL, 7L, "shop", 1_700_000_000)));
      all.put("batch_keyspace", new Batch(ProtocolConstants.BatchType.LOGGED, statements, each, ProtocolConstants.ConsistencyLevel.THREE,
          ProtocolConstants.ConsistencyLevel.SERIAL, 8L, "shop", 1_700_000_001));
    }
    all.put("query_long", new Query("SELECT /* " + "long ".repeat(300) + "*/ word FROM t",
        plain(ProtocolConstants.ConsistencyLevel.ONE, Collections.emptyList())));
    return all;
  }

  // ---- responses ----------------------------------------------------------------------------------------------------------------

  static RawType simple(int code) {
    return RawType.PRIMITIVES.get(code);
  }

  static ColumnSpec column(String name, int index, RawType type) {
    return new ColumnSpec("shop", "orders", name, index, type);
  }

  static RowsMetadata metadata(List<ColumnSpec> columns, ByteBuffer state, int[] keys, byte[] changed) {
    return new RowsMetadata(columns, state, keys, changed);
  }

  static List<ColumnSpec> allTypes() {
    Map<String, RawType> fields = new LinkedHashMap<>();
    fields.put("street", simple(ProtocolConstants.DataType.VARCHAR));
    fields.put("number", simple(ProtocolConstants.DataType.INT));
    RawType udt = new RawType.RawUdt("shop", "address", fields);
    List<RawType> types = new ArrayList<>(new TreeMap<>(RawType.PRIMITIVES).values());
    types.add(new RawType.RawList(simple(ProtocolConstants.DataType.BIGINT)));
    types.add(new RawType.RawSet(udt));
    types.add(new RawType.RawMap(simple(ProtocolConstants.DataType.VARCHAR), new RawType.RawList(simple(ProtocolConstants.DataType.INT))));
    types.add(new RawType.RawTuple(Arrays.asList(simple(ProtocolConstants.DataType.INT), simple(ProtocolConstants.DataType.UUID))));
    types.add(udt);
    types.add(new RawType.RawCustom("com.example.Own"));
    types.add(new RawType.RawCustom("org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)"));
    List<ColumnSpec> columns = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) columns.add(column("c" + i, i, types.get(i)));
    return columns;
  }

  static ArrayDeque<List<ByteBuffer>> rows() {
    ArrayDeque<List<ByteBuffer>> rows = new ArrayDeque<>();
    rows.add(Arrays.asList(bytes(0, 0, 0, 0, 0, 0, 0, 1), bytes('o', 'n', 'e')));
    rows.add(Arrays.asList(bytes(0, 0, 0, 0, 0, 0, 0, 2), null));
    rows.add(Arrays.asList(bytes(0, 0, 0, 0, 0, 0, 0, 3), bytes()));
    return rows;
  }

  static Map<String, Message> responses(int version) throws IOException {
    Map<String, Message> all = new LinkedHashMap<>();
    all.put("ready", new Ready());
    all.put("authenticate", new Authenticate("org.apache.cassandra.auth.PasswordAuthenticator"));
    all.put("auth_challenge", new AuthChallenge(bytes(1, 2, 3)));
    all.put("auth_success", new AuthSuccess(bytes(4)));
    Map<String, List<String>> supported = new LinkedHashMap<>();
    supported.put("COMPRESSION", Arrays.asList("snappy", "lz4"));
    supported.put("CQL_VERSION", Arrays.asList("3.4.7"));
    supported.put("NOTHING", Collections.emptyList());
    all.put("supported", new Supported(supported));

    Map<InetAddress, Integer> reasons = new LinkedHashMap<>();
    reasons.put(InetAddress.getByName("127.0.0.1"), 1);
    reasons.put(InetAddress.getByName("2001:db8::1"), 0);
    int each = ProtocolConstants.ConsistencyLevel.EACH_QUORUM;
    int[] messages = {ProtocolConstants.ErrorCode.SERVER_ERROR, ProtocolConstants.ErrorCode.PROTOCOL_ERROR,
        ProtocolConstants.ErrorCode.AUTH_ERROR, ProtocolConstants.ErrorCode.OVERLOADED, ProtocolConstants.ErrorCode.IS_BOOTSTRAPPING,
        ProtocolConstants.ErrorCode.TRUNCATE_ERROR, ProtocolConstants.ErrorCode.SYNTAX_ERROR, ProtocolConstants.ErrorCode.UNAUTHORIZED,
        ProtocolConstants.ErrorCode.INVALID, ProtocolConstants.ErrorCode.CONFIG_ERROR};
    for (int code : messages) all.put(String.format("error_%04x", code), new Error(code, "what happened"));
    all.put("unavailable", new Unavailable("too few", each, 2, 1));
    all.put("write_timeout", new WriteTimeout("too late", each, 1, 2, "SIMPLE"));
    all.put("read_timeout", new ReadTimeout("too late", ProtocolConstants.ConsistencyLevel.LOCAL_QUORUM, 1, 2, true));
    all.put("write_failure", new WriteFailure("failed", each, 1, 2, 2, reasons, "BATCH_LOG"));
    all.put("read_failure", new ReadFailure("failed", ProtocolConstants.ConsistencyLevel.ALL, 1, 2, 2, reasons, false));
    all.put("function_failure", new FunctionFailure("failed", "shop", "twice", Arrays.asList("int", "text")));
    all.put("already_exists", new AlreadyExists("it is there", "shop", "orders"));
    all.put("unprepared", new Unprepared("who?", array(0xca, 0xfe)));

    all.put("void", com.datastax.oss.protocol.internal.response.result.Void.INSTANCE);
    all.put("set_keyspace", new SetKeyspace("shop"));
    List<ColumnSpec> two = Arrays.asList(column("id", 0, simple(ProtocolConstants.DataType.BIGINT)),
        column("word", 1, simple(ProtocolConstants.DataType.VARCHAR)));
    all.put("rows", new DefaultRows(metadata(two, null, new int[0], null), rows()));
    all.put("rows_page", new DefaultRows(metadata(two, bytes(7, 7), new int[0], null), rows()));
    all.put("rows_bare", new DefaultRows(new RowsMetadata(2, null, new int[0], null), rows()));
    List<ColumnSpec> apart = Arrays.asList(two.get(0), new ColumnSpec("other", "table", "word", 1, simple(ProtocolConstants.DataType.VARCHAR)));
    all.put("rows_two_tables", new DefaultRows(metadata(apart, null, new int[0], null), rows()));
    all.put("rows_all_types", new DefaultRows(metadata(allTypes(), null, new int[0], null), new ArrayDeque<>()));
    if (version >= 5) all.put("rows_changed", new DefaultRows(metadata(two, null, new int[0], array(3, 1, 4)), rows()));
    all.put("prepared", new Prepared(array(0xca, 0xfe), version >= 5 ? array(1, 1) : null, metadata(two, null, new int[] {1, 0}, null),
        metadata(Collections.emptyList(), null, new int[0], null)));
    all.put("schema_table", new SchemaChange("CREATED", "TABLE", "shop", "orders", null));
    all.put("schema_keyspace", new SchemaChange("DROPPED", "KEYSPACE", "shop", null, null));
    all.put("schema_function", new SchemaChange("UPDATED", "FUNCTION", "shop", "twice", Arrays.asList("int")));
    all.put("event_up", new StatusChangeEvent("UP", new InetSocketAddress(InetAddress.getByName("127.0.0.2"), 9042)));
    all.put("event_gone", new TopologyChangeEvent("REMOVED_NODE", new InetSocketAddress(InetAddress.getByName("2001:db8::2"), 9142)));
    all.put("event_schema", new SchemaChangeEvent("UPDATED", "TYPE", "shop", "address", null));
    return all;
  }

  static String plain(ByteBuffer bytes) {
    return bytes == null ? "null" : ByteBufUtil.hexDump(Unpooled.wrappedBuffer(bytes.duplicate()));
  }

  static String typeText(RawType type) {
    if (type instanceof RawType.RawCustom) return "custom";
    if (type instanceof RawType.RawList) return "list<" + typeText(((RawType.RawList) type).elementType) + ">";
    if (type instanceof RawType.RawSet) return "set<" + typeText(((RawType.RawSet) type).elementType) + ">";
    if (type instanceof RawType.RawMap)
      return "map<" + typeText(((RawType.RawMap) type).keyType) + ", " + typeText(((RawType.RawMap) type).valueType) + ">";
    if (type instanceof RawType.RawUdt) return ((RawType.RawUdt) type).typeName;
    if (type instanceof RawType.RawTuple) {
      List<String> parts = new ArrayList<>();
      for (RawType part : ((RawType.RawTuple) type).fieldTypes) parts.add(typeText(part));
      return "tuple<" + String.join(", ", parts) + ">";
    }
    return Integer.toString(type.id);
  }

  static String columnsText(RowsMetadata metadata) {
    StringBuilder text = new StringBuilder("columns=" + metadata.columnCount);
    for (ColumnSpec column : metadata.columnSpecs)
      text.append(" ").append(column.ksName).append(".").append(column.tableName).append(".").append(column.name).append(":")
          .append(typeText(column.type).replace(" ", ""));
    return text + " state=" + plain(metadata.pagingState) + " changed="
        + (metadata.newResultMetadataId == null ? "null" : plain(ByteBuffer.wrap(metadata.newResultMetadataId)));
  }

  static String errorText(Error error) {
    String text = String.format("error %04x %s", error.code, error.message);
    if (error instanceof Unavailable) {
      Unavailable e = (Unavailable) error;
      return text + " at=" + e.consistencyLevel + " received=" + e.alive + " required=" + e.required;
    }
    if (error instanceof WriteTimeout) {
      WriteTimeout e = (WriteTimeout) error;
      return text + " at=" + e.consistencyLevel + " received=" + e.received + " required=" + e.blockFor + " type=" + e.writeType;
    }
    if (error instanceof ReadTimeout) {
      ReadTimeout e = (ReadTimeout) error;
      return text + " at=" + e.consistencyLevel + " received=" + e.received + " required=" + e.blockFor + " data=" + e.dataPresent;
    }
    if (error instanceof WriteFailure) {
      WriteFailure e = (WriteFailure) error;
      return text + " at=" + e.consistencyLevel + " received=" + e.received + " required=" + e.blockFor + " failures=" + e.numFailures
          + " type=" + e.writeType;
    }
    if (error instanceof ReadFailure) {
      ReadFailure e = (ReadFailure) error;
      return text + " at=" + e.consistencyLevel + " received=" + e.received + " required=" + e.blockFor + " failures=" + e.numFailures
          + " data=" + e.dataPresent;
    }
    if (error instanceof FunctionFailure) return text + " keyspace=" + ((FunctionFailure) error).keyspace;
    if (error instanceof AlreadyExists)
      return text + " keyspace=" + ((AlreadyExists) error).keyspace + " table=" + ((AlreadyExists) error).table;
    if (error instanceof Unprepared) return text + " id=" + plain(ByteBuffer.wrap(((Unprepared) error).id));
    return text;
  }

  static String change(String word, String changeType, String target, String keyspace, String object) {
    return word + " " + changeType + " " + target + " " + keyspace + (object == null ? "" : "." + object);
  }

  /** What a message says, in words that the test makes of ours too. */
  static String describe(Message message) {
    if (message instanceof Error) return errorText((Error) message);
    if (message instanceof Authenticate) return "authenticate " + ((Authenticate) message).authenticator;
    if (message instanceof AuthChallenge) return "auth_challenge " + plain(((AuthChallenge) message).token);
    if (message instanceof AuthSuccess) return "auth_success";
    if (message instanceof Ready) return "ready";
    if (message instanceof Supported) return "supported " + new TreeMap<>(((Supported) message).options);
    if (message instanceof SetKeyspace) return "keyspace " + ((SetKeyspace) message).keyspace;
    if (message instanceof com.datastax.oss.protocol.internal.response.result.Void) return "void";
    if (message instanceof SchemaChange) {
      SchemaChange m = (SchemaChange) message;
      return change("schema", m.changeType, m.target, m.keyspace, m.object);
    }
    if (message instanceof SchemaChangeEvent) {
      SchemaChangeEvent m = (SchemaChangeEvent) message;
      return change("schema", m.changeType, m.target, m.keyspace, m.object);
    }
    if (message instanceof StatusChangeEvent) {
      StatusChangeEvent m = (StatusChangeEvent) message;
      return "event " + m.changeType + " " + host(m.address);
    }
    if (message instanceof TopologyChangeEvent) {
      TopologyChangeEvent m = (TopologyChangeEvent) message;
      return "event " + m.changeType + " " + host(m.address);
    }
    if (message instanceof Prepared) {
      Prepared m = (Prepared) message;
      return "prepared " + plain(ByteBuffer.wrap(m.preparedQueryId)) + " result="
          + (m.resultMetadataId == null ? "" : plain(ByteBuffer.wrap(m.resultMetadataId))) + " keys="
          + Arrays.toString(m.variablesMetadata.pkIndices).replace(" ", "") + " " + columnsText(m.variablesMetadata);
    }
    DefaultRows rows = (DefaultRows) message;
    StringBuilder text = new StringBuilder("rows " + columnsText(rows.getMetadata()));
    for (List<ByteBuffer> row : rows.getData()) {
      text.append(" |");
      for (ByteBuffer cell : row) text.append(" ").append(plain(cell));
    }
    return text.toString();
  }

  static String host(InetSocketAddress address) {
    byte[] raw = address.getAddress().getAddress();
    return plain(ByteBuffer.wrap(raw)) + ":" + address.getPort();
  }

  // ---- values -------------------------------------------------------------------------------------------------------------------

  /** The servers' class of a type, as they name it in results. */
  static String marshal(DataType type) {
    String folder = "org.apache.cassandra.db.marshal.";
    if (type instanceof VectorType)
      return folder + "VectorType(" + marshal(((VectorType) type).getElementType()) + " , " + ((VectorType) type).getDimensions() + ")";
    return folder + Map.of(DataTypes.FLOAT, "FloatType", DataTypes.INT, "Int32Type", DataTypes.TEXT, "UTF8Type").get(type);
  }

  static RawType raw(DataType type) {
    if (type instanceof VectorType) return new RawType.RawCustom(marshal(type));
    if (type instanceof ListType) return new RawType.RawList(raw(((ListType) type).getElementType()));
    if (type instanceof SetType) return new RawType.RawSet(raw(((SetType) type).getElementType()));
    if (type instanceof MapType) return new RawType.RawMap(raw(((MapType) type).getKeyType()), raw(((MapType) type).getValueType()));
    if (type instanceof TupleType) {
      List<RawType> parts = new ArrayList<>();
      for (DataType part : ((TupleType) type).getComponentTypes()) parts.add(raw(part));
      return new RawType.RawTuple(parts);
    }
    if (type instanceof UserDefinedType) {
      UserDefinedType udt = (UserDefinedType) type;
      Map<String, RawType> fields = new LinkedHashMap<>();
      for (int i = 0; i < udt.getFieldNames().size(); i++)
        fields.put(udt.getFieldNames().get(i).asInternal(), raw(udt.getFieldTypes().get(i)));
      return new RawType.RawUdt(udt.getKeyspace().asInternal(), udt.getName().asInternal(), fields);
    }
    return simple(type.getProtocolCode());
  }

  static PrintStream values;

  /** The type, a literal of CQL for the driver, the text of ours, and how ours writes the cell. */
  static void value(DataType type, String literal, String text, String back) {
    TypeCodec<Object> codec = CodecRegistry.DEFAULT.codecFor(type);
    ByteBuffer cell = codec.encode(codec.parse(literal), DefaultProtocolVersion.V5);
    ByteBuf option = Unpooled.buffer();
    raw(type).encode(option, PRIMITIVES, 5);
    values.println(hex(option) + "\t" + text + "\t" + plain(cell) + "\t" + back);
  }

  static void value(DataType type, String literal, String text) {
    value(type, literal, text, text);
  }

  static void writeValues() {
    DataType text = DataTypes.TEXT;
    value(DataTypes.ASCII, "'plain'", "plain");
    value(text, "'wörd €'", "wörd €");
    value(text, "''", "");
    value(DataTypes.BLOB, "0x6162", "ab", "0x6162");
    for (String word : new String[] {"true", "false"}) value(DataTypes.BOOLEAN, word, word);
    for (String number : new String[] {"0", "-1", "127", "-128"}) value(DataTypes.TINYINT, number, number);
    for (String number : new String[] {"32767", "-32768"}) value(DataTypes.SMALLINT, number, number);
    for (String number : new String[] {"2147483647", "-2147483648"}) value(DataTypes.INT, number, number);
    for (String number : new String[] {"9223372036854775807", "-9223372036854775808"}) {
      value(DataTypes.BIGINT, number, number);
      value(DataTypes.VARINT, number, number);
    }
    for (String number : new String[] {"0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "-256", "65535", "-65536",
        "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
        "123456789012345678901234567890123456789012345678901234567890"})
      value(DataTypes.VARINT, number, number);
    value(DataTypes.DECIMAL, "123.45", "123.45", "12345E-2");
    value(DataTypes.DECIMAL, "-0.001", "-0.001", "-1E-3");
    value(DataTypes.DECIMAL, "1E+9", "1e9", "1E9");
    value(DataTypes.DECIMAL, "0", "0", "0");
    value(DataTypes.DECIMAL, "98765432109876543210.0123456789", "98765432109876543210.0123456789", "987654321098765432100123456789E-10");
    for (String number : new String[] {"1.5", "-0.25", "1e+30"}) {
      value(DataTypes.FLOAT, number, number);
      value(DataTypes.DOUBLE, number, number);
    }
    value(DataTypes.DOUBLE, "0.1", "0.1");
    value(DataTypes.DOUBLE, "NaN", "NaN");
    value(DataTypes.UUID, "01234567-89ab-4def-8123-456789abcdef", "01234567-89AB-4def-8123-456789abcdef", "01234567-89ab-4def-8123-456789abcdef");
    value(DataTypes.TIMEUUID, "58e0a7d7-eebc-11d8-9669-0800200c9a66", "58e0a7d7-eebc-11d8-9669-0800200c9a66");
    value(DataTypes.INET, "'192.168.1.2'", "192.168.1.2");
    value(DataTypes.INET, "'2001:db8::1'", "2001:db8::1");
    for (String date : new String[] {"1970-01-01", "2024-02-29", "1969-12-31", "0001-01-01", "9999-12-31"})
      value(DataTypes.DATE, "'" + date + "'", date);
    value(DataTypes.TIME, "'23:59:59.123456789'", "23:59:59.123456789");
    value(DataTypes.TIME, "'00:00:00'", "00:00:00", "00:00:00.000000000");
    value(DataTypes.TIME, "'08:30:00.5'", "08:30:00.5", "08:30:00.500000000");
    value(DataTypes.TIMESTAMP, "'2024-02-29T12:34:56.789Z'", "2024-02-29T12:34:56.789Z");
    value(DataTypes.TIMESTAMP, "'2024-02-29T12:34:56.789+0130'", "2024-02-29 12:34:56.789+01:30", "2024-02-29T11:04:56.789Z");
    value(DataTypes.TIMESTAMP, "'1969-12-31T23:59:59.999Z'", "1969-12-31T23:59:59.999", "1969-12-31T23:59:59.999Z");
    value(DataTypes.DURATION, "1y2mo3w4d5h6m7s8ms9us10ns", "1y2mo3w4d5h6m7s8ms9us10ns", "14mo25d18367008009010ns");
    value(DataTypes.DURATION, "-12h30m", "-12h30m", "-45000000000000ns");
    value(DataTypes.DURATION, "2147483647mo", "2147483647mo", "2147483647mo");
    value(DataTypes.DURATION, "9223372036854775807ns", "9223372036854775807ns", "9223372036854775807ns");

    value(DataTypes.listOf(DataTypes.BIGINT), "[1, -2]", "[1, -2]");
    value(DataTypes.listOf(text), "[]", "[]");
    value(DataTypes.setOf(DataTypes.DOUBLE), "{0.5, 1.5}", "[0.5, 1.5]", "{0.5, 1.5}");
    value(DataTypes.mapOf(text, DataTypes.INT), "{'a': 1, 'b': 2}", "{\"a\": 1, \"b\": 2}", "{a: 1, b: 2}");
    value(DataTypes.mapOf(DataTypes.INT, DataTypes.frozenListOf(text)), "{7: ['x', 'y']}", "{\"7\": [\"x\", \"y\"]}", "{7: [x, y]}");
    value(DataTypes.tupleOf(DataTypes.INT, text, DataTypes.BOOLEAN), "(1, 'two', true)", "[1, \"two\", true]", "(1, two, true)");
    value(DataTypes.tupleOf(DataTypes.INT, text), "(1, NULL)", "[1, null]", "(1, null)");
    UserDefinedType address = new UserDefinedTypeBuilder("shop", "address").withField("street", text).withField("number", DataTypes.INT)
        .withField("tags", DataTypes.frozenSetOf(text)).build();
    value(address, "{street: 'Herengracht', number: 1, tags: {'x'}}", "{\"street\": \"Herengracht\", \"number\": 1, \"tags\": [\"x\"]}",
        "{street: Herengracht, number: 1, tags: {x}}");
    value(address, "{street: 'Zeil', number: NULL, tags: NULL}", "{\"street\": \"Zeil\"}", "{street: Zeil, number: null, tags: null}");
    value(DataTypes.listOf(address), "[{street: 'Zeil', number: 2, tags: NULL}]", "[{\"number\": 2, \"street\": \"Zeil\"}]",
        "[{street: Zeil, number: 2, tags: null}]");
    value(DataTypes.vectorOf(DataTypes.FLOAT, 3), "[1.5, -0.25, 0.0]", "[1.5, -0.25, 0.0]", "[1.5, -0.25, 0]");
    value(DataTypes.vectorOf(text, 2), "['ab', '']", "[\"ab\", \"\"]", "[ab, ]");
    value(DataTypes.vectorOf(DataTypes.vectorOf(DataTypes.INT, 2), 2), "[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]");
  }

  // ---- the whole ----------------------------------------------------------------------------------------------------------------

  static void writeFrames(Path folder) throws Exception {
    FrameCodec<ByteBuf> client = FrameCodec.defaultClient(PRIMITIVES, NONE), server = FrameCodec.defaultServer(PRIMITIVES, NONE);
    Map<String, ByteBuffer> payload = new LinkedHashMap<>();
    payload.put("plug-in", bytes(1));
    UUID trace = UUID.fromString("58e0a7d7-eebc-11d8-9669-0800200c9a66");
    try (PrintStream out = new PrintStream(folder.resolve("requests.txt").toFile(), "UTF-8")) {
      for (int version : new int[] {4, 5})
        for (Map.Entry<String, Message> one : requests(version).entrySet())
          out.println(version + "\t" + one.getKey() + "\t"
              + hex(client.encode(Frame.forRequest(version, STREAM, false, Frame.NO_PAYLOAD, one.getValue()))));
    }
    try (PrintStream out = new PrintStream(folder.resolve("responses.txt").toFile(), "UTF-8")) {
      for (int version : new int[] {4, 5}) {
        for (Map.Entry<String, Message> one : responses(version).entrySet()) {
          int stream = one.getKey().startsWith("event") ? -1 : STREAM;
          ByteBuf bytes = server.encode(Frame.forResponse(version, stream, null, Frame.NO_PAYLOAD, Collections.emptyList(), one.getValue()));
          out.println(version + "\t" + one.getKey() + "\t" + hex(bytes) + "\t" + describe(client.decode(bytes).message));
        }
        // Not both at once: the driver expects the payload first, the specification and the servers have the warnings first.
        ByteBuf warned = server.encode(
            Frame.forResponse(version, STREAM, trace, Frame.NO_PAYLOAD, Arrays.asList("beware", "of that"), new SetKeyspace("shop")));
        ByteBuf loaded = server.encode(Frame.forResponse(version, STREAM, trace, payload, Collections.emptyList(), new SetKeyspace("shop")));
        out.println(version + "\ttrace_warnings\t" + hex(warned) + "\t" + describe(client.decode(warned).message));
        out.println(version + "\ttrace_payload\t" + hex(loaded) + "\t" + describe(client.decode(loaded).message));
      }
    }
  }

  static byte[] joined(List<Object> parts) {
    CompositeByteBuf all = Unpooled.compositeBuffer();
    for (Object part : parts) all.addComponent(true, (ByteBuf) part);
    return ByteBufUtil.getBytes(all);
  }

  static String segment(SegmentCodec<ByteBuf> codec, ByteBuf payload, boolean whole) {
    List<Object> parts = new ArrayList<>();
    codec.encode(new Segment<>(payload.retainedDuplicate(), whole), parts);
    return hex(Unpooled.wrappedBuffer(joined(parts)));
  }

  /** Envelopes as they are sent: a small one alone, several in one segment, one that is cut; and compressed bodies of version 4. */
  static void writeCompressed(Path folder) throws Exception {
    FrameCodec<ByteBuf> client = FrameCodec.defaultClient(PRIMITIVES, NONE);
    Map<String, Message> all = requests(5);
    ByteBuf small = client.encode(Frame.forRequest(5, STREAM, false, Frame.NO_PAYLOAD, all.get("execute")));
    ByteBuf longer = client.encode(Frame.forRequest(5, STREAM, false, Frame.NO_PAYLOAD, all.get("query_long")));
    ByteBuf several = Unpooled.wrappedBuffer(small.duplicate(), longer.duplicate(), small.duplicate());
    try (PrintStream out = new PrintStream(folder.resolve("segments.txt").toFile(), "UTF-8")) {
      for (String name : new String[] {"none", "lz4"}) {
        SegmentCodec<ByteBuf> codec = new SegmentCodec<>(PRIMITIVES, compressor(name));
        out.println("small\t" + name + "\twhole\t" + hex(small) + "\t" + segment(codec, small, true));
        out.println("long\t" + name + "\twhole\t" + hex(longer) + "\t" + segment(codec, longer, true));
        out.println("several\t" + name + "\twhole\t" + hex(several) + "\t" + segment(codec, several, true));
        out.println("part\t" + name + "\tpart\t" + hex(longer) + "\t" + segment(codec, longer, false));
      }
    }
    try (PrintStream out = new PrintStream(folder.resolve("compressed.txt").toFile(), "UTF-8")) {
      for (String name : new String[] {"lz4", "snappy"}) {
        FrameCodec<ByteBuf> codec = FrameCodec.defaultClient(PRIMITIVES, compressor(name));
        FrameCodec<ByteBuf> server = FrameCodec.defaultServer(PRIMITIVES, compressor(name));
        out.println("query_long\t" + name + "\t" + hex(codec.encode(Frame.forRequest(4, STREAM, false, Frame.NO_PAYLOAD, requests(4).get("query_long")))));
        out.println("rows\t" + name + "\t" + hex(server.encode(
            Frame.forResponse(4, STREAM, null, Frame.NO_PAYLOAD, Collections.emptyList(), responses(4).get("rows")))));
      }
    }
  }

  static void writeTokens(Path folder) throws Exception {
    Murmur3TokenFactory factory = new Murmur3TokenFactory();
    try (PrintStream out = new PrintStream(folder.resolve("tokens.txt").toFile(), "UTF-8")) {
      for (int size = 1; size <= 40; size++)
        for (int seed : new int[] {7, 0x81}) {
          byte[] key = new byte[size];
          for (int i = 0; i < size; i++) key[i] = (byte) (seed * (i + 1));
          out.println(plain(ByteBuffer.wrap(key)) + "\t" + factory.format(factory.hash(ByteBuffer.wrap(key))));
        }
      ByteBuffer whole = com.datastax.oss.driver.internal.core.util.RoutingKey.compose(bytes(1, 2, 3), bytes(), bytes(0xff));
      out.println(plain(whole) + "\t" + factory.format(factory.hash(whole.duplicate())));
    }
  }

  static void check(Path file) throws Exception {
    int wrong = 0, seen = 0;
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split("\t");
      String name = words[0];
      int version = Integer.parseInt(words[1]);
      ByteBuf bytes = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(words[3]));
      Compressor<ByteBuf> with = compressor(words[2]);
      if (version == 5) {
        SegmentCodec<ByteBuf> codec = new SegmentCodec<>(PRIMITIVES, with);
        SegmentCodec.Header header = codec.decodeHeader(bytes.readRetainedSlice(codec.headerLength() + SegmentCodec.CRC24_LENGTH));
        bytes = codec.decode(header, bytes).payload;
      }
      Message read = FrameCodec.defaultServer(PRIMITIVES, version == 5 ? NONE : with).decode(bytes).message;
      FrameCodec<ByteBuf> client = FrameCodec.defaultClient(PRIMITIVES, NONE);
      String ours = hex(client.encode(Frame.forRequest(version, STREAM, false, Frame.NO_PAYLOAD, read)));
      // Its reader takes "unset" for null: so what it wrote goes through it too.
      ByteBuf written = client.encode(Frame.forRequest(version, STREAM, false, Frame.NO_PAYLOAD, requests(version).get(name)));
      Message meant = FrameCodec.defaultServer(PRIMITIVES, NONE).decode(written).message;
      String theirs = hex(client.encode(Frame.forRequest(version, STREAM, false, Frame.NO_PAYLOAD, meant)));
      seen++;
      if (!ours.equals(theirs)) {
        wrong++;
        System.out.println(name + " version " + version + " " + words[2] + ": read as\n  " + ours + "\nand not as\n  " + theirs);
      }
    }
    System.out.println(seen + " read, " + wrong + " wrong");
    if (wrong > 0 || seen == 0) System.exit(1);
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("check")) {
      check(Path.of(arguments[1]));
      return;
    }
    Path folder = Path.of(arguments[1]);
    Files.createDirectories(folder);
    writeFrames(folder);
    writeCompressed(folder);
    writeTokens(folder);
    values = new PrintStream(folder.resolve("values.txt").toFile(), "UTF-8");
    writeValues();
    values.close();
  }
}
