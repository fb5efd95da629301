#include <algorithm>
#include <charconv>
#include <optional>

#include "sink/cassandra/cql/type.h"

// The servers' names of types: a class, and in brackets what it is made of.

namespace holdfast::cql {
namespace {

constexpr std::string_view package = "org.apache.cassandra.db.marshal.";
constexpr int depth_max = 16;

constexpr std::pair<std::string_view, TypeCode> simple[] = {
    {"AsciiType", TypeCode::ascii},
    {"LongType", TypeCode::bigint},
    {"BytesType", TypeCode::blob},
    {"BooleanType", TypeCode::boolean},
    {"CounterColumnType", TypeCode::counter},
    {"DecimalType", TypeCode::decimal},
    {"DoubleType", TypeCode::double_},
    {"FloatType", TypeCode::float_},
    {"Int32Type", TypeCode::int_},
    {"TimestampType", TypeCode::timestamp},
    {"DateType", TypeCode::timestamp},
    {"UUIDType", TypeCode::uuid},
    {"UTF8Type", TypeCode::varchar},
    {"IntegerType", TypeCode::varint},
    {"TimeUUIDType", TypeCode::timeuuid},
    {"InetAddressType", TypeCode::inet},
    {"SimpleDateType", TypeCode::date},
    {"TimeType", TypeCode::time},
    {"ShortType", TypeCode::smallint},
    {"ByteType", TypeCode::tinyint},
    {"DurationType", TypeCode::duration}};

struct Composite {
  std::string_view name;
  TypeCode code;
  size_t least, most;  // of the types it is made of
};
constexpr Composite composites[] = {{"ListType", TypeCode::list, 1, 1},
                                    {"SetType", TypeCode::set, 1, 1},
                                    {"MapType", TypeCode::map, 2, 2},
                                    {"TupleType", TypeCode::tuple, 1, 65'535}};

/// Reads one class off the front. Nothing: it is none that we know.
class ClassReader {
 public:
  explicit ClassReader(std::string_view text) : left_(text) {}

  std::optional<Type> whole() {
    auto type = read(0);
    return left_.empty() ? type : std::nullopt;
  }

 private:
  void skip_blanks() {
    while (left_.starts_with(' ')) left_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  std::optional<Type> read(int depth) {
    skip_blanks();
    if (depth > depth_max) return std::nullopt;
    std::string_view name = left_.substr(0, left_.find_first_of("(), "));
    left_.remove_prefix(name.size());
    if (name.starts_with(package)) name.remove_prefix(package.size());
    if (const auto* found =
            std::ranges::find(simple, name, [](const auto& one) { return one.first; });
        found != std::end(simple))
      return Type{.code = found->second};
    if (name == "VectorType") return read_vector(depth);
    std::vector<Type> inner;
    if (!read_inner(inner, depth)) return std::nullopt;
    if (name == "FrozenType" && inner.size() == 1) return inner.front();
    const auto* made = std::ranges::find(composites, name, &Composite::name);
    if (made == std::end(composites) || inner.size() < made->least || inner.size() > made->most)
      return std::nullopt;
    return Type{.code = made->code, .inner = std::move(inner)};
  }

  bool read_inner(std::vector<Type>& inner, int depth) {
    if (!take('(')) return false;
    do {
      auto one = read(depth + 1);
      if (!one) return false;
      inner.push_back(std::move(*one));
    } while (take(','));
    return take(')');
  }

  std::optional<Type> read_vector(int depth) {
    if (!take('(')) return std::nullopt;
    auto element = read(depth + 1);
    if (!element || !take(',')) return std::nullopt;
    skip_blanks();
    Type vector{.code = TypeCode::vector, .inner = {std::move(*element)}};
    const auto [end, error] =
        std::from_chars(left_.data(), left_.data() + left_.size(), vector.size);
    if (error != std::errc()) return std::nullopt;
    left_.remove_prefix(static_cast<size_t>(end - left_.data()));
    if (!take(')')) return std::nullopt;
    return vector;
  }

  std::string_view left_;
};

}  // namespace

Type type_of_class(std::string_view name) {
  if (auto known = ClassReader(name).whole()) return std::move(*known);
  return {.code = TypeCode::custom, .name = std::string(name)};
}

size_t fixed_bytes(const Type& type) {
  switch (type.code) {
    case TypeCode::boolean:
      return 1;
    case TypeCode::int_:
    case TypeCode::float_:
      return 4;
    case TypeCode::bigint:
    case TypeCode::counter:
    case TypeCode::double_:
    case TypeCode::timestamp:
      return 8;
    case TypeCode::uuid:
    case TypeCode::timeuuid:
      return 16;
    case TypeCode::vector:
      return fixed_bytes(type.inner[0]) * type.size;
    default:
      return 0;
  }
}

}  // namespace holdfast::cql
