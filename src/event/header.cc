#include "event/header.h"

namespace holdfast::event {

const Header* find(Headers headers, std::string_view name) {
  for (size_t i = headers.size(); i-- > 0;) {
    if (headers[i].name == name) return &headers[i];
  }
  return nullptr;
}

}  // namespace holdfast::event
