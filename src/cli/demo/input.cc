#include "cli/demo/input.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <memory>

#include "base/os/files.h"

namespace holdfast::cli::demo {
namespace {

constexpr size_t block_bytes = 1 << 20;
constexpr std::string_view origin_column = "origin";

/// The file of one airport, written in large blocks.
struct Part {
  Table table;
  std::unique_ptr<os::File> file;
  std::string pending;
  uint64_t written = 0;

  Status flush() {
    HOLDFAST_CHECKED(file->write_at(written, as_bytes(pending)));
    written += pending.size();
    pending.clear();
    return {};
  }
  Status add(std::string_view line) {
    pending.append(line).push_back('\n');
    return pending.size() < block_bytes ? Status() : flush();
  }
};

/// The `index`-th field of a line without quotes.
std::string_view field(std::string_view line, size_t index) {
  for (; index > 0; --index) {
    const size_t comma = line.find(',');
    if (comma == std::string_view::npos) return {};
    line.remove_prefix(comma + 1);
  }
  return line.substr(0, line.find(','));
}

class Splitter {
 public:
  explicit Splitter(std::vector<Part> parts) : parts_(std::move(parts)) {}

  Status line(std::string_view text) {
    // The package's file has no quoted fields; another one is not guessed at.
    if (text.find('"') != std::string_view::npos)
      return fail(ErrorCode::invalid, "flights.csv has quoted fields");
    if (!has_header_) return header(text);
    const std::string_view airport = field(text, origin_);
    auto part = std::find_if(parts_.begin(), parts_.end(),
                             [&](const Part& p) { return p.table.airport == airport; });
    if (part == parts_.end())
      return fail(ErrorCode::invalid,
                  fmt::format("flights.csv has an unknown airport \"{}\"", airport));
    ++part->table.rows;
    return part->add(text);
  }

  Result<std::vector<Table>> finish() {
    std::vector<Table> tables;
    for (Part& part : parts_) {
      HOLDFAST_CHECKED(part.flush());
      tables.push_back(part.table);
    }
    return tables;
  }

 private:
  Status header(std::string_view text) {
    has_header_ = true;
    while (field(text, origin_) != origin_column) {
      if (++origin_ > 100) return fail(ErrorCode::invalid, "flights.csv has no column \"origin\"");
    }
    for (Part& part : parts_) HOLDFAST_CHECKED(part.add(text));
    return {};
  }

  std::vector<Part> parts_;
  size_t origin_ = 0;
  bool has_header_ = false;
};

Status each_line(os::File& file, const std::function<Status(std::string_view)>& visit) {
  std::string pending;
  std::vector<std::byte> block(block_bytes);
  for (uint64_t offset = 0;;) {
    const size_t got = HOLDFAST_TRY(file.read_at(offset, block));
    if (got == 0) break;
    offset += got;
    pending.append(as_text(ByteView(block).first(got)));
    size_t begin = 0;
    for (size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      HOLDFAST_CHECKED(visit(std::string_view(pending).substr(begin, end - begin)));
    }
    pending.erase(0, begin);
  }
  return pending.empty() ? Status() : visit(pending);
}

}  // namespace

Result<std::vector<Table>> split_flights(const std::string& input, const std::string& folder) {
  os::Files& files = os::real_files();
  HOLDFAST_CHECKED(files.create_directories(folder));
  const ByteBuffer airlines = HOLDFAST_TRY(os::read_file(files, input + "/airlines.csv", 1 << 20));
  HOLDFAST_CHECKED(os::replace_file(files, folder + "/airlines.csv", airlines));
  std::vector<Part> parts;
  for (const auto& [airport, source] :
       {std::pair("EWR", "ewr"), std::pair("JFK", "jfk"), std::pair("LGA", "lga")}) {
    Part& part = parts.emplace_back();
    part.table = {airport, source, 0};
    part.file = HOLDFAST_TRY(
        files.open(fmt::format("{}/{}.csv", folder, source), os::OpenMode::create_or_open));
    HOLDFAST_CHECKED(part.file->truncate(0));
  }
  const auto flights = HOLDFAST_TRY(files.open(input + "/flights.csv", os::OpenMode::read));
  Splitter splitter(std::move(parts));
  HOLDFAST_CHECKED(each_line(*flights, [&](std::string_view line) { return splitter.line(line); }));
  return splitter.finish();
}

}  // namespace holdfast::cli::demo
