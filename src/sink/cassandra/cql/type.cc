#include "sink/cassandra/cql/type.h"

namespace holdfast::cql {
namespace {

constexpr int depth_max = 16;

Type read(Reader& from, int depth) {
  Type type;
  type.code = static_cast<TypeCode>(from.u16());
  if (depth > depth_max) from.spoil();
  if (!from.good()) return type;
  size_t inner = 0;
  switch (type.code) {
    case TypeCode::custom:
      return type_of_class(from.text());
    case TypeCode::vector:  // has no number of its own
      from.spoil();
      break;
    case TypeCode::list:
    case TypeCode::set:
      inner = 1;
      break;
    case TypeCode::map:
      inner = 2;
      break;
    case TypeCode::tuple:
      inner = from.count(from.u16(), 2);
      break;
    case TypeCode::udt: {
      from.text();  // its keyspace
      type.name = from.text();
      const size_t fields = from.count(from.u16(), 4);
      for (size_t i = 0; i < fields && from.good(); ++i) {
        type.fields.emplace_back(from.text());
        type.inner.push_back(read(from, depth + 1));
      }
      return type;
    }
    default:
      break;
  }
  for (size_t i = 0; i < inner && from.good(); ++i) type.inner.push_back(read(from, depth + 1));
  return type;
}

std::string_view simple_name(TypeCode code) {
  switch (code) {
    case TypeCode::ascii:
      return "ascii";
    case TypeCode::bigint:
      return "bigint";
    case TypeCode::blob:
      return "blob";
    case TypeCode::boolean:
      return "boolean";
    case TypeCode::counter:
      return "counter";
    case TypeCode::decimal:
      return "decimal";
    case TypeCode::double_:
      return "double";
    case TypeCode::float_:
      return "float";
    case TypeCode::int_:
      return "int";
    case TypeCode::timestamp:
      return "timestamp";
    case TypeCode::uuid:
      return "uuid";
    case TypeCode::varchar:
      return "text";
    case TypeCode::varint:
      return "varint";
    case TypeCode::timeuuid:
      return "timeuuid";
    case TypeCode::inet:
      return "inet";
    case TypeCode::date:
      return "date";
    case TypeCode::time:
      return "time";
    case TypeCode::smallint:
      return "smallint";
    case TypeCode::tinyint:
      return "tinyint";
    case TypeCode::duration:
      return "duration";
    case TypeCode::list:
      return "list";
    case TypeCode::map:
      return "map";
    case TypeCode::set:
      return "set";
    case TypeCode::tuple:
      return "tuple";
    case TypeCode::vector:
      return "vector";
    default:
      return "?";
  }
}

}  // namespace

Type read_type(Reader& from) {
  return read(from, 0);
}

std::string text_of(const Type& type) {
  if (type.code == TypeCode::custom) return "'" + type.name + "'";
  if (type.code == TypeCode::udt) return type.name;
  std::string text(simple_name(type.code));
  if (type.inner.empty()) return text;
  text += '<';
  for (size_t i = 0; i < type.inner.size(); ++i)
    text += (i == 0 ? "" : ", ") + text_of(type.inner[i]);
  if (type.code == TypeCode::vector) text += ", " + std::to_string(type.size);
  return text + '>';
}

}  // namespace holdfast::cql
