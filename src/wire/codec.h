#pragma once

#include "wire/reader.h"
#include "wire/writer.h"

/// The three codecs that run over a message's description: Reader, Sizer, Writer. Lengths, compact
/// forms, nulls and tag buffers are known here and nowhere else. Included only by the .cc files of
/// messages (and by tests).
///
/// How tags work: a description is run once for the plain fields; calls of `tagged` only count
/// then. The tag buffer, which closes the struct, is handled by running the description again with
/// the plain fields switched off.
namespace holdfast::wire {}
