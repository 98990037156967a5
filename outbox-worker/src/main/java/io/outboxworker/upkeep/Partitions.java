package io.outboxworker.upkeep;

import io.outboxworker.database.SqlFault;
import java.time.Duration;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the logs' partitions ahead, also those of days on which no worker ran, and drops those that
 * are older than the retention. What could not be done is done the next time.
 */
public final class Partitions {
  private static final Logger log = LoggerFactory.getLogger(Partitions.class);
  private static final Duration EVERY = Duration.ofMinutes(10);
  private static final Duration AGAIN = Duration.ofMinutes(1);

  /** Days that have a partition before they begin. */
  public static final int DAYS_AHEAD = 3;

  /** Of days missed, so many at most are made in one step. */
  private static final int DAYS_BEHIND = 40;

  private static final int STRAY_BATCH = 5_000;

  private final Logs logs;
  private final Retention retention;

  public Partitions(Logs logs, Retention retention) {
    this.logs = logs;
    this.retention = retention;
  }

  /** Makes and drops what is due, and returns how long to wait before the next look. */
  public Duration step() {
    boolean done = true;
    for (String name : Logs.NAMES) {
      done &= care(name);
    }
    return done ? EVERY : AGAIN;
  }

  private boolean care(String name) {
    try {
      LocalDate today = logs.today();
      LocalDate keptFrom = Logs.keptFrom(today, retention.of(name));
      List<LocalDate> days = logs.days(name);
      make(name, days, today, keptFrom);
      days.stream().filter(day -> day.isBefore(keptFrom)).forEach(day -> drop(name, day));
      return dropStray(name, today, keptFrom);
    } catch (RuntimeException e) {
      log.atWarn()
          .addKeyValue("log", name)
          .addKeyValue("again_in_s", AGAIN.toSeconds())
          .addKeyValue("error", SqlFault.describe(e))
          .log("partitions not cared for");
      return false;
    }
  }

  private void make(String name, List<LocalDate> days, LocalDate today, LocalDate keptFrom) {
    Set<LocalDate> there = new HashSet<>(days);
    for (LocalDate day = today; !day.isAfter(today.plusDays(DAYS_AHEAD)); day = day.plusDays(1)) {
      makeUnlessThere(name, day, there);
    }
    // Events of days without a worker still wait in the outbox, and are about to come by their ids.
    LocalDate missed = today.minusDays(1);
    LocalDate newestBefore =
        days.stream().filter(day -> day.isBefore(today)).reduce((a, b) -> b).orElse(missed);
    for (; missed.isAfter(newestBefore) && !missed.isBefore(earliest(today, keptFrom)); ) {
      makeUnlessThere(name, missed, there);
      missed = missed.minusDays(1);
    }
    LocalDate stray = logs.strayDay(name, earliest(today, keptFrom));
    while (stray != null && stray.isBefore(today)) {
      makeUnlessThere(name, stray, there);
      stray = logs.strayDay(name, stray.plusDays(1));
    }
  }

  private static LocalDate earliest(LocalDate today, LocalDate keptFrom) {
    LocalDate limit = today.minusDays(DAYS_BEHIND);
    return keptFrom.isBefore(limit) ? limit : keptFrom;
  }

  private void makeUnlessThere(String name, LocalDate day, Set<LocalDate> there) {
    if (there.add(day)) {
      logs.add(name, day)
          .ifPresent(made -> log.atInfo().addKeyValue("partition", made).log("made"));
    }
  }

  private void drop(String name, LocalDate day) {
    boolean dropped = logs.drop(name, day);
    log.atInfo()
        .addKeyValue("partition", Logs.partition(name, day))
        .log(dropped ? "dropped" : "kept, deliveries still need its events");
  }

  /** True unless there may be more. */
  private boolean dropStray(String name, LocalDate today, LocalDate keptFrom) {
    LocalDate end = today.plusDays(DAYS_AHEAD + 1);
    int deleted = logs.deleteStray(name, keptFrom, end, STRAY_BATCH);
    if (deleted > 0) {
      log.atInfo()
          .addKeyValue("log", name)
          .addKeyValue("rows", deleted)
          .log("rows without a partition were older than the retention, deleted");
    }
    return deleted < STRAY_BATCH;
  }
}
