package io.outboxworker.api;

import java.util.List;
import java.util.function.Supplier;

/**
 * What the probes answer. No supplier may wait: probes must answer within 100 ms whatever the
 * database does.
 *
 * @param unlive why the process should be restarted; empty where it should not
 * @param unready why it should get no traffic; empty where it is ready
 * @param degraded what is wrong although it is ready, such as one database of several
 */
public record Health(
    Supplier<List<String>> unlive,
    Supplier<List<String>> unready,
    Supplier<List<String>> degraded) {}
