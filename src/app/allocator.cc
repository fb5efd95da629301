/// jemalloc's settings, which it reads from this symbol before main (jemalloc(3), TUNING). Few arenas, because two or three
/// threads do the work; pages that nobody uses go back to the system after five seconds.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:4,dirty_decay_ms:5000,muzzy_decay_ms:0";
}
