import java.io.BufferedWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Writes the golden corpus: messages of Kafka's own client library, filled in every version from the library's schemas,
 * as bytes and as text. Usage: Golden FOLDER KEY... ; the same arguments always give the same files.
 *
 * A line is: direction (request, response, or header for the header in front of it), version, variant, the bytes in hex,
 * and the content as {field=value,...} with the fields of each struct by name; a field that may be null in this version has
 * a question mark behind its name; a float64 as the number that its bits make.
 */
public class Golden {
    /** What the fields are filled with. */
    enum Variant {
        DEFAULTS,  // as constructed
        NULLS,     // null wherever it may be, everything else filled, one element an array
        ONE,       // everything filled, one element an array
        MANY,      // several elements an array, every second nullable is null
        EDGES      // extreme numbers, empty values, lengths that need longer length fields
    }

    static final String LONG_TEXT = "abcdefghij".repeat(13);  // 130: a compact length of two bytes
    static final int LONG_ARRAY = 130;
    static final int RECORD_BYTES = 40;
    static final int LONG_RECORD_BYTES = 700;  // beyond what our encoder copies

    final Variant variant;
    int next = 0;  // makes every value of a message differ from every other

    Golden(Variant variant) {
        this.variant = variant;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        for (int i = 1; i < args.length; ++i) {
            ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(args[i]));
            try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(type.name + ".txt"))) {
                out.write("# " + type.name + " (key " + type.apiKey() + "), kafka-clients 4.3.1\n");
                int last = type.highestSupportedVersion(false);
                for (short version = type.lowestSupportedVersion(); version <= last; ++version) {
                    line(out, "header-request", version, Variant.ONE, requestHeader(type, version),
                        RequestHeaderData.SCHEMAS[type.requestHeaderVersion(version)], type.requestHeaderVersion(version));
                    line(out, "header-response", version, Variant.ONE, responseHeader(),
                        ResponseHeaderData.SCHEMAS[type.responseHeaderVersion(version)], type.responseHeaderVersion(version));
                    for (Variant variant : Variant.values()) {
                        message(out, "request", version, variant, type.newRequest(), type.requestSchemas()[version]);
                        message(out, "response", version, variant, type.newResponse(), type.responseSchemas()[version]);
                    }
                }
            }
        }
    }

    static Message requestHeader(ApiMessageType type, short version) {
        return new RequestHeaderData().setRequestApiKey(type.apiKey()).setRequestApiVersion(version)
            .setCorrelationId(0x01020304 + version).setClientId(version % 2 == 0 ? "client-" + version : null);
    }

    static Message responseHeader() {
        return new ResponseHeaderData().setCorrelationId(0x0a0b0c0d);
    }

    static void message(BufferedWriter out, String direction, short version, Variant variant, Message data, Schema schema)
            throws Exception {
        if (variant != Variant.DEFAULTS) new Golden(variant).fill(data, schema, 0);
        line(out, direction, version, variant, data, schema, version);
    }

    static void line(BufferedWriter out, String direction, short version, Variant variant, Message data, Schema schema,
            short encodedAs) throws Exception {
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(data, encodedAs).buffer();
        out.write(direction + " " + version + " " + variant.name().toLowerCase() + " "
            + (bytes.remaining() == 0 ? "-" : hex(bytes)) + " " + textOf(data, schema) + "\n");
    }

    static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HexFormat.of().formatHex(copy);
    }

    /** The plain and the tagged fields that a struct has in the schema's version. */
    static List<Field> fields(Schema schema) {
        List<Field> all = new ArrayList<>();
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields tagged) {
                all.addAll(tagged.fields().values());
            } else {
                all.add(bound.def);
            }
        }
        return all;
    }

    static String plain(String name) {
        return name.replace("_", "").toLowerCase();
    }

    static Method getter(Object data, Field field) {
        for (Method method : data.getClass().getDeclaredMethods()) {
            if (method.getParameterCount() == 0 && method.getName().toLowerCase().equals(plain(field.name))) return method;
        }
        throw new IllegalStateException("no getter for " + field.name + " in " + data.getClass());
    }

    static Method setter(Object data, Field field) {
        for (Method method : data.getClass().getDeclaredMethods()) {
            if (method.getParameterCount() == 1 && method.getName().toLowerCase().equals("set" + plain(field.name))) return method;
        }
        throw new IllegalStateException("no setter for " + field.name + " in " + data.getClass());
    }

    void fill(Object data, Schema schema, int depth) throws Exception {
        for (Field field : fields(schema)) {
            Method getter = getter(data, field);
            ++next;
            boolean leaveNull = field.type.isNullable()
                && (variant == Variant.NULLS || (variant == Variant.MANY && next % 2 == 0));
            Object value = leaveNull ? null : value(field, getter, depth);
            setter(data, field).invoke(data, value);
        }
    }

    Object value(Field field, Method getter, int depth) throws Exception {
        if (field.type.isArray()) return array(field.type.arrayElementType().get(), getter, depth);
        if (field.type instanceof Schema schema) {
            Object struct = create(getter.getReturnType());
            fill(struct, schema, depth + 1);
            return struct;
        }
        return scalar(field.type, getter.getReturnType());
    }

    static Object create(Class<?> type) throws Exception {
        Constructor<?> constructor = type.getConstructor();
        return constructor.newInstance();
    }

    /** The class of the elements that a getter's list or collection holds. */
    static Class<?> elementClass(Method getter) {
        java.lang.reflect.Type generic = getter.getGenericReturnType();
        if (generic instanceof Class<?> collection) generic = collection.getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    @SuppressWarnings("unchecked")
    Object array(Type element, Method getter, int depth) throws Exception {
        Collection<Object> all = getter.getReturnType() == List.class
            ? new ArrayList<>() : (Collection<Object>) create(getter.getReturnType());
        for (int left = count(element, depth); left > 0; --left) {
            if (element instanceof Schema schema) {
                Object struct = create(elementClass(getter));
                fill(struct, schema, depth + 1);
                all.add(struct);
            } else {
                ++next;
                all.add(scalar(element, elementClass(getter)));
            }
        }
        return all;
    }

    int count(Type element, int depth) {
        switch (variant) {
            case MANY: return depth == 0 ? 3 : 2;
            case EDGES:
                if (!(element instanceof Schema)) return next % 3 == 0 ? LONG_ARRAY : 0;
                return depth == 0 ? 2 : next % 2;
            default: return 1;
        }
    }

    Object scalar(Type type, Class<?> as) {
        boolean edge = variant == Variant.EDGES;
        boolean low = next % 2 == 0;
        String name = type.toString().replace("COMPACT_", "").replace("NULLABLE_", "");
        switch (name) {
            case "BOOLEAN": return edge ? low : true;
            case "INT8": return edge ? (low ? Byte.MIN_VALUE : Byte.MAX_VALUE) : (byte) (next * 3 % 127 + 1);
            case "INT16": return edge ? (low ? Short.MIN_VALUE : Short.MAX_VALUE) : (short) (next * 257);
            case "INT32": return edge ? (low ? Integer.MIN_VALUE : Integer.MAX_VALUE) : next * 0x01010101;
            case "INT64": return edge ? (low ? Long.MIN_VALUE : Long.MAX_VALUE) : next * 0x0101010101010101L;
            case "UINT16": return edge ? (low ? 0 : 65535) : next * 257 % 65536;
            case "FLOAT64": return edge ? (low ? Double.NEGATIVE_INFINITY : Double.MAX_VALUE) : next * 1.25;
            case "UUID": return new Uuid(next * 0x1111L, edge ? -next : next);
            case "STRING": return edge ? (next % 3 == 0 ? LONG_TEXT : next % 3 == 1 ? "" : "\u00e9\u4e2d\ud83d\ude00") : "text-" + next;
            case "BYTES": {
                byte[] bytes = bytes(edge && low ? 0 : 5 + next % 7);
                return as == byte[].class ? bytes : ByteBuffer.wrap(bytes);
            }
            case "RECORDS":
                return MemoryRecords.readableRecords(ByteBuffer.wrap(
                    bytes(edge ? (low ? LONG_RECORD_BYTES : 0) : RECORD_BYTES)));
            default: throw new IllegalStateException("no value for type " + type);
        }
    }

    byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; ++i) bytes[i] = (byte) (next + i * 7);
        return bytes;
    }

    static String textOf(Object data, Schema schema) throws Exception {
        TreeMap<String, String> fields = new TreeMap<>();
        for (Field field : fields(schema)) {
            String name = field.name + (field.type.isNullable() ? "?" : "");
            fields.put(name, textOf(getter(data, field).invoke(data), field.type));
        }
        List<String> parts = new ArrayList<>();
        fields.forEach((name, value) -> parts.add(name + "=" + value));
        return "{" + String.join(",", parts) + "}";
    }

    static String textOf(Object value, Type type) throws Exception {
        if (value == null) return "null";
        if (type.isArray()) {
            List<String> parts = new ArrayList<>();
            for (Object element : (Collection<?>) value) parts.add(textOf(element, type.arrayElementType().get()));
            return "[" + String.join(",", parts) + "]";
        }
        if (type instanceof Schema schema) return textOf(value, schema);
        if (value instanceof String text) return '"' + text + '"';
        if (value instanceof Double number) return Long.toString(Double.doubleToRawLongBits(number));
        if (value instanceof byte[] bytes) return "0x" + HexFormat.of().formatHex(bytes);
        if (value instanceof ByteBuffer bytes) return "0x" + hex(bytes);
        if (value instanceof MemoryRecords records) return "0x" + hex(records.buffer());
        if (value instanceof BaseRecords) throw new IllegalStateException("unknown kind of records");
        if (value instanceof Uuid id) {
            return String.format("%016x%016x", id.getMostSignificantBits(), id.getLeastSignificantBits());
        }
        return value.toString();
    }
}
