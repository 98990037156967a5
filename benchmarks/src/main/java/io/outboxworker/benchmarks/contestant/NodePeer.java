package io.outboxworker.benchmarks.contestant;

import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/** A queue that runs on Node.js, in one process, as Node.js does. */
public final class NodePeer implements Contestant {
  private static final int IN_FLIGHT = 64;
  private static final String JOB = "json_build_object('id', e.id, 'seq', e.seq, 'data', e.data)";

  private final String name;
  private final String settings;
  private final String insert;
  private final String busy;

  /**
   * @param insert turns the rows of {@code e (id, seq, data)} into jobs
   * @param busy the jobs that are not done
   */
  private NodePeer(String name, String settings, String insert, String busy) {
    this.name = name;
    this.settings = settings + ", " + Peers.COMMITS;
    this.insert = insert;
    this.busy = busy;
  }

  /** graphile-worker; it deletes what is done. */
  public static NodePeer graphileWorker() {
    return new NodePeer(
        "graphile-worker",
        "0.17.3, one process, %d jobs at a time, local queue of 500, completions batched for 5 ms"
            .formatted(IN_FLIGHT),
        """
        select count(*) from (select graphile_worker.add_jobs(array_agg(
          ('deliver', %s, null, now(), 4, null, 0, null)::graphile_worker.job_spec)) from e) added
        """
            .formatted(JOB),
        "graphile_worker._private_jobs");
  }

  /** pg-boss; it keeps what is done until its own maintenance removes it. */
  public static NodePeer pgBoss() {
    return new NodePeer(
        "pg-boss",
        "10.4.2, one process, 8 workers, batches of 500, polling 500 ms, the least it accepts",
        """
        , added as (
          insert into pgboss.job (name, data, retry_limit, retry_delay, retry_backoff)
          select 'deliver', %s::jsonb, 3, 1, true from e returning 1)
        select count(*) from added
        """
            .formatted(JOB),
        "pgboss.job where name = 'deliver' and state < 'completed'");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String settings() {
    return settings;
  }

  @Override
  public void install(Ground ground, String database, Audience audience)
      throws IOException, InterruptedException {
    Node.run(name + ".js", environment(ground, database, audience), "migrate");
  }

  @Override
  public void load(Connection connection, Audience audience, long first, int count)
      throws SQLException {
    Ground.execute(
        connection,
        """
        with e (id, seq, data) as materialized (
          select %s, seq, %s from generate_series(%d::bigint, %d) seq)
        """
                .formatted(
                    EventId.sql("seq", "(seq % " + audience.tenants() + ")::int"),
                    Audience.dataSql("seq"),
                    first,
                    first + count - 1)
            + insert);
  }

  @Override
  public Publisher publisher(Connection connection, Audience audience) throws SQLException {
    return Peers.publisher(
        connection,
        audience,
        "with e (id, seq, data) as materialized (values (?::uuid, ?::bigint, ?::text))"
            + insert.replace("count(*)", "pg_current_xact_id()::text::bigint + 0 * count(*)"));
  }

  @Override
  public Running start(Ground ground, String database, Audience audience) throws IOException {
    return Running.start(
        name,
        Node.command(name + ".js"),
        environment(ground, database, audience),
        ground.file(name + ".log").toFile());
  }

  @Override
  public boolean isIdle(Connection connection) throws SQLException {
    return 0 == Ground.number(connection, "select (exists (select from %s))::int".formatted(busy));
  }

  private static Map<String, String> environment(
      Ground ground, String database, Audience audience) {
    return Map.of(
        "DATABASE",
        ground.url(database),
        "RECEIVER",
        ground.receiver().urls(),
        "TENANTS",
        "" + audience.tenants(),
        "PER_TENANT",
        "" + audience.perTenant(),
        "IN_FLIGHT",
        "" + IN_FLIGHT,
        "NODE_ENV",
        "production");
  }
}
