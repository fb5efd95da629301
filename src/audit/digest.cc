#include "audit/digest.h"

#include <array>
#include <memory>
#include <openssl/evp.h>

#include "base/check.h"

namespace holdfast::audit {

std::string sha256(std::string_view first, std::string_view second) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::array<unsigned char, 32> hash{};
  unsigned length = 0;
  HOLDFAST_CHECK(context != nullptr &&
                 EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  HOLDFAST_CHECK(EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1);
  HOLDFAST_CHECK(EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1);
  HOLDFAST_CHECK(EVP_DigestFinal_ex(context.get(), hash.data(), &length) == 1 &&
                 length == hash.size());
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (unsigned char byte : hash) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace holdfast::audit
