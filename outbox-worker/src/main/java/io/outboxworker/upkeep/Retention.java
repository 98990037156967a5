package io.outboxworker.upkeep;

import java.time.Duration;

/** How long what is finished is kept: events and deliveries to the day, audit entries exactly. */
public record Retention(Duration events, Duration deliveries, Duration audit) {
  Duration of(String log) {
    return log.equals(Logs.EVENTS) ? events : deliveries;
  }
}
