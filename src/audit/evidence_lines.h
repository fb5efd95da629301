#pragma once

#include <cstdint>

#include "audit/compare.h"
#include "audit/evidence.h"
#include "audit/report.h"

namespace holdfast::audit {

// The lines of an evidence file (docs/formats/evidence.md), one function a kind.

/// What was read, with which program, when, and what cannot be seen.
void write_header(EvidenceWriter& evidence, const Report& report, uint64_t window_events);
/// One line for every `window_events` sequences of the stream: what each side held of them. Answers
/// how many.
uint64_t write_windows(EvidenceWriter& evidence, const StoreReport& store, const Stream& stream,
                       const Known& known, const Balance& balance, uint64_t window_events);
void write_finding(EvidenceWriter& evidence, const event::Finding& finding);
void write_balance(EvidenceWriter& evidence, const StoreReport& store, const Stream& stream,
                   const Judged& judged);

/// The counts of a balance as members.
void add_members(JsonWriter& json, const Balance& balance);

}  // namespace holdfast::audit
