package io.outboxworker.cli;

import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.upkeep.Retention;
import io.outboxworker.webhook.EndpointGuard;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code doctor} examines: the configuration as this process sees it.
 *
 * @param keys null where the configuration has none
 * @param warnings what is odd about the configuration, though it can be used
 */
public record Patient(
    Map<String, DatabaseSettings> databases,
    @Nullable KeyRing keys,
    EndpointGuard guard,
    Retention retention,
    List<String> warnings) {}
