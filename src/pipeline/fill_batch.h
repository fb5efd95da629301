#pragma once

#include "sink/api/sink.h"
#include "transform/event_batch.h"
#include "transform/transform.h"

namespace holdfast::pipeline {

/// What a transform made of events, as the batch that a sink takes: entries, sources, and the rows
/// (swapped out of `output`). `batch.upto` stays as it was. The batch points to `events`.
void fill_batch(const transform::EventBatch& events, transform::Output& output, sink::Batch& batch);

}  // namespace holdfast::pipeline
