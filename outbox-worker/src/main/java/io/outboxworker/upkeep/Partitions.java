package io.outboxworker.upkeep;

import io.outboxworker.database.SqlFault;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the logs' partitions three days ahead and drops those that are older than the retention.
 * Waits for a lock 200 ms at most, so that traffic never queues behind it; what was not done is
 * done the next time.
 */
public final class Partitions {
  private static final Logger log = LoggerFactory.getLogger(Partitions.class);
  private static final Duration EVERY = Duration.ofMinutes(10);
  private static final Duration AGAIN = Duration.ofMinutes(1);
  private static final int DAYS_AHEAD = 3;
  private static final List<String> LOGS = List.of("delivery_log", "event_log");

  private final Jdbi jdbi;
  private final Duration retention;

  public Partitions(Jdbi jdbi, Duration retention) {
    this.jdbi = jdbi;
    this.retention = retention;
  }

  /** Makes and drops what is due, and returns how long to wait before the next look. */
  public Duration step() {
    boolean done = true;
    for (String logTable : LOGS) {
      done &= care(logTable);
    }
    return done ? EVERY : AGAIN;
  }

  private boolean care(String logTable) {
    try {
      makeAhead(logTable);
      dropBehind(logTable);
      return true;
    } catch (RuntimeException e) {
      log.atWarn()
          .addKeyValue("log", logTable)
          .addKeyValue("again_in_s", AGAIN.toSeconds())
          .addKeyValue("error", SqlFault.describe(e))
          .log("partitions not cared for");
      return false;
    }
  }

  private void makeAhead(String logTable) {
    LocalDate today = today();
    for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
      LocalDate day = today.plusDays(ahead);
      jdbi.useTransaction(handle -> {
        handle.execute("set local lock_timeout = '200ms'");
        handle
            .createQuery("select add_log_partition(:log, :day)")
            .bind("log", logTable)
            .bind("day", day)
            .mapTo(String.class)
            .findOne()
            .ifPresent(name -> log.atInfo().addKeyValue("partition", name).log("made"));
      });
    }
  }

  private void dropBehind(String logTable) {
    LocalDate keepFrom = today().minusDays(retention.toDays());
    String oldestKept = logTable + "_" + keepFrom.format(DateTimeFormatter.BASIC_ISO_DATE);
    for (String partition : partitionsBefore(logTable, oldestKept)) {
      jdbi.useTransaction(handle -> {
        handle.execute("set local lock_timeout = '200ms'");
        boolean dropped =
            handle
                .createQuery("select drop_log_partition(:log, :name)")
                .bind("log", logTable)
                .bind("name", partition)
                .mapTo(boolean.class)
                .one();
        log.atInfo()
            .addKeyValue("partition", partition)
            .log(dropped ? "dropped" : "kept, deliveries still need its events");
      });
    }
  }

  private List<String> partitionsBefore(String logTable, String name) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                where i.inhparent = cast(:log as regclass) and c.relname < :name
                  and c.relname <> :log || '_default'
                order by c.relname
                """)
            .bind("log", logTable)
            .bind("name", name)
            .mapTo(String.class)
            .list());
  }

  private LocalDate today() {
    return jdbi.withHandle(handle ->
        handle.createQuery("select (now() at time zone 'UTC')::date").mapTo(LocalDate.class).one());
  }
}
