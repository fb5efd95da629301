#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "duckdb/vector.h"

/// DuckDB behind a small interface: databases, connections, results and bulk appends by chunk.
/// Nothing but this folder sees DuckDB's own header. Errors carry DuckDB's message; their codes:
///   invalid          the SQL or a value in it is wrong (parser, binder, conversion, constraint,
///   ...) locked           another process holds the file (the message names it) version_unknown
///   the file was written by a version that this one cannot read corrupt          the file is
///   damaged, or the database went into its fatal state: close it and open it again io, disk_full
///   the operating system refused limit            out of the memory that `memory_bytes_max` allows
///   interrupted      Connection::interrupt was called
namespace holdfast::duckdb {

struct Settings {
  std::string path = {};  // empty: in memory
  bool read_only = false;
  uint64_t memory_bytes_max = 256ull << 20;
  int threads = 1;
  /// The write-ahead log grows to this before it is folded into the file.
  uint64_t checkpoint_bytes = 16ull << 20;
};

/// The version this program was built for; open fails with `version_unknown` when another library
/// is loaded.
extern const char* const required_version;

struct ColumnInfo {
  std::string name;
  Type type = Type::other;
  std::string type_name;  // as SQL has it, for `other` only an approximation
};

/// Up to `rows_per_chunk` rows of a result. Owns its memory.
class Chunk {
 public:
  explicit Chunk(void* handle);
  Chunk(Chunk&& from) noexcept;
  Chunk& operator=(Chunk&& from) noexcept;
  ~Chunk();
  size_t rows() const { return rows_; }
  VectorView column(size_t index) const;

 private:
  void* handle_;
  size_t rows_;
};

/// The result of a query, chunk by chunk. Must not outlive its connection; a streaming one occupies
/// the connection until it has been read to the end or destroyed.
class Cursor {
 public:
  struct Impl;
  explicit Cursor(std::unique_ptr<Impl> impl);
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();
  const std::vector<ColumnInfo>& columns() const;
  /// The next rows; nothing at the end.
  Result<std::optional<Chunk>> next();
  /// How many rows an INSERT, UPDATE or DELETE changed.
  uint64_t rows_changed() const;

 private:
  std::unique_ptr<Impl> impl_;
};

/// A prepared statement; parameters are ?1, ?2, ... or ? in order, counted from 1. Must not outlive
/// its connection.
class Statement {
 public:
  struct Impl;
  explicit Statement(std::unique_ptr<Impl> impl);
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();
  Status bind(size_t parameter, int64_t value);
  Status bind(size_t parameter, std::string_view value);
  /// Names and types of the result, known before it runs.
  const std::vector<ColumnInfo>& columns() const;
  Result<Cursor> execute();
  Result<Cursor> execute_streaming();

 private:
  std::unique_ptr<Impl> impl_;
};

/// A table whose rows are made on demand, with no copy into DuckDB. `fill` is called for each
/// projected column of each chunk, from the thread that runs the query (one thread at a time).
class VirtualTable {
 public:
  virtual ~VirtualTable() = default;
  virtual const std::vector<ColumnInfo>& columns() const = 0;
  virtual uint64_t rows() const = 0;
  /// A guess that the planner gets when a statement is prepared.
  virtual uint64_t rows_expected() const { return 10'000; }
  virtual void fill(size_t column, uint64_t first_row, size_t count, VectorWriter& out) = 0;
};

/// Appends whole chunks to one table, inside the connection's transaction. What was appended is
/// visible only after `close`.
class Appender {
 public:
  struct Impl;
  explicit Appender(std::unique_ptr<Impl> impl);
  Appender(Appender&&) noexcept;
  Appender& operator=(Appender&&) noexcept;
  ~Appender();  // what is not closed is thrown away only with the transaction: roll back after an
                // error
  size_t columns() const;
  /// The columns of the chunk under construction, empty and without nulls. Valid until `append`.
  VectorWriter column(size_t index);
  /// Takes the first `rows` (at most `rows_per_chunk`) of the chunk under construction.
  Status append(size_t rows);
  Status close();

 private:
  std::unique_ptr<Impl> impl_;
};

/// One connection: one transaction at a time, one thread at a time (but for `interrupt`).
class Connection {
 public:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one or many statements, forgets the results.
  Status run(std::string_view sql);
  Result<Cursor> query(std::string_view sql);
  Result<Statement> prepare(std::string_view sql);
  /// The one number that a query answers (BIGINT).
  Result<int64_t> query_number(std::string_view sql);
  /// The one text that a query answers.
  Result<std::string> query_text(std::string_view sql);
  Result<Appender> appender(std::string_view table);
  /// Makes `SELECT ... FROM name()` read `table`, which must outlive the connection.
  Status register_table(std::string_view name, VirtualTable& table);
  /// Stops the running query from another thread.
  void interrupt();

 private:
  std::unique_ptr<Impl> impl_;
};

/// An open database file, or one in memory. Kept alive by its connections. Any thread.
class Database {
 public:
  struct Impl;
  explicit Database(std::shared_ptr<Impl> impl);
  /// Extensions are never loaded or fetched by themselves. A file that this process has open
  /// already is shared, with the settings of the first: DuckDB would not notice a second instance
  /// in the same process, and destroy the file. After a fatal error it can be opened afresh once
  /// everybody here has let go of it.
  static Result<Database> open(const Settings& settings);
  /// Whether anybody in this process has the file open.
  static bool is_open(const std::string& path);
  Result<Connection> connect();

 private:
  std::shared_ptr<Impl> impl_;
};

/// `name` as an SQL identifier, `text` as an SQL string literal.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

}  // namespace holdfast::duckdb
