#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sink/cassandra/cql/bytes.h"

namespace holdfast::cql {

/// The codes of the protocol's [option] (section 4.2.5.2 of the specification).
enum class TypeCode : uint16_t {
  custom = 0x00,
  ascii = 0x01,
  bigint = 0x02,
  blob = 0x03,
  boolean = 0x04,
  counter = 0x05,
  decimal = 0x06,
  double_ = 0x07,
  float_ = 0x08,
  int_ = 0x09,
  timestamp = 0x0B,
  uuid = 0x0C,
  varchar = 0x0D,
  varint = 0x0E,
  timeuuid = 0x0F,
  inet = 0x10,
  date = 0x11,
  time = 0x12,
  smallint = 0x13,
  tinyint = 0x14,
  duration = 0x15,
  list = 0x20,
  map = 0x21,
  set = 0x22,
  udt = 0x30,
  tuple = 0x31,
  vector = 0xFFFF,  // not the protocol's: it sends the name of a class (`type_of_class`)
};

/// A CQL type. Plain value.
struct Type {
  TypeCode code = TypeCode::blob;
  std::vector<Type> inner = {};          // of list, set, map, tuple, udt, vector
  std::string name = {};                 // of custom: the class; of udt: the type
  std::vector<std::string> fields = {};  // of udt
  uint32_t size = 0;                     // of vector: its elements
  bool operator==(const Type&) const = default;
};

/// Reads an [option]; spoils the reader on nonsense (also on more than 16 levels).
Type read_type(Reader& from);
/// The type that a class of the servers stands for, as `custom` types name it:
/// "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)".
/// Classes that nobody knows stay `custom`.
Type type_of_class(std::string_view name);
/// Bytes that each value of the type takes within a vector, where that is always the same and so
/// not sent; 0: each has its size before it.
size_t fixed_bytes(const Type& type);
/// As CQL writes it: "map<text, list<bigint>>".
std::string text_of(const Type& type);

}  // namespace holdfast::cql
