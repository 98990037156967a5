package io.outboxworker.faults;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.subscription.KeyRing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one fault is run on: a PostgreSQL, workers, receivers, a writer that keeps
 * publishing, and what was measured. Made anew for each fault.
 */
final class Stage implements AutoCloseable {
  /** The lease of an attempt with the default limit, and the sweep that notices its end. */
  static final Duration RECOVERY = Duration.ofSeconds(31);

  private static final int TENANTS = 3;

  private final Path folder;
  private final Plan plan;
  private final @Nullable Disk disk;
  private final Postgres postgres;
  private final Database database;
  private final String keys = KeyRing.generate();
  private final Farm farm;
  private final Audience audience;
  private final Fleet fleet;
  private final Writer writer;
  private final Wire writerWire;
  private final Map<String, Wire> wires = new ConcurrentHashMap<>();
  private final List<UUID> tenants = new ArrayList<>();
  private final Random random;
  private final Findings findings = new Findings();
  private final Journal ledger;
  private final Journal receipts;

  Stage(Path folder, Plan plan) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.plan = plan;
    this.random = new Random(plan.seed());
    this.disk =
        plan.setUp().disk().isEmpty()
            ? null
            : Disk.mount(folder.resolve("disk"), plan.setUp().disk());
    Path home = disk == null ? folder : folder.resolve("disk");
    this.postgres = Postgres.start(home, plan.setUp().postgres());
    var settings = new DatabaseSettings(postgres.url(), null, null);
    if (plan.setUp().migrated()) {
      new Migrations(settings).migrate();
    }
    this.database = Database.open(settings, "suite", 4, null);
    this.ledger = new Journal(folder.resolve("ledger.tsv"));
    this.receipts = new Journal(folder.resolve("receipts.tsv"));
    this.farm = new Farm(receipts);
    this.audience = new Audience(jdbi(), KeyRing.parse(keys), farm);
    Installation installation = Installation.copyTo(folder.resolve("installation"));
    this.fleet = new Fleet(installation, folder, environment());
    for (int i = 0; i < TENANTS; i++) {
      tenants.add(UUID.randomUUID());
    }
    this.writerWire = new Wire(postgres.port());
    this.writer =
        new Writer(Postgres.url(writerWire.port()), tenants, ledger, plan.perSecond(), plan.seed());
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("OUTBOX_KEYS", keys);
    environment.put("OUTBOX_HTTP_PORT", "0");
    environment.put("OUTBOX_HTTP_ADDRESS", "127.0.0.1");
    environment.put("OUTBOX_ALLOW_HTTP", "true");
    environment.put("OUTBOX_ALLOWED_NETWORKS", "127.0.0.0/8");
    environment.put("OUTBOX_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    environment.put("OUTBOX_DATABASE_URL", workerUrl(postgres.port()));
    environment.putAll(plan.setUp().worker());
    return environment;
  }

  /**
   * Begins to write, for three tenants with three subscriptions each: a quick one, one that
   * sometimes fails, and a slow one.
   */
  void begin() {
    audience.subscribeAll(tenants);
    writer.start();
  }

  Postgres postgres() {
    return postgres;
  }

  Jdbi jdbi() {
    return database.jdbi();
  }

  Audience audience() {
    return audience;
  }

  Farm farm() {
    return farm;
  }

  Fleet fleet() {
    return fleet;
  }

  Writer writer() {
    return writer;
  }

  Plan plan() {
    return plan;
  }

  Random random() {
    return random;
  }

  Path folder() {
    return folder;
  }

  UUID tenant(int number) {
    return tenants.get(number);
  }

  /** The network between the writer and PostgreSQL. */
  Wire writerWire() {
    return writerWire;
  }

  /** The network between the worker of this name and PostgreSQL. */
  Wire wire(String worker) {
    return wires.computeIfAbsent(worker, name -> new Wire(postgres.port()));
  }

  /** The setting that leads a worker over its wire. */
  String[] over(String worker) {
    return new String[] {"OUTBOX_DATABASE_URL", workerUrl(wire(worker).port())};
  }

  private String workerUrl(int port) {
    return Postgres.url(port)
        + (plan.setUp().waitsForCommits() ? "&options=-c%20synchronous_commit%3Don" : "");
  }

  /** The POSTs of an event so far, to the usual subscriptions. */
  List<Receipt> receiptsOf(UUID event) {
    return receipts().stream().filter(receipt -> receipt.event().equals(event)).toList();
  }

  List<Receipt> receipts() {
    return Journal.read(folder.resolve("receipts.tsv"), Receipt::parse);
  }

  List<Entry> ledger() {
    return Journal.read(folder.resolve("ledger.tsv"), Entry::parse);
  }

  // What came out

  /** Notes a figure for the report. */
  void figure(String name, Object value) {
    findings.figure(name, value);
  }

  /** Notes a failure where something is not as promised. */
  void expect(boolean asPromised, String promise) {
    findings.expect(asPromised, promise);
  }

  /** Notes how long something took, and a failure where that was too long. */
  void within(String what, long millis, Duration bound) {
    findings.within(what, millis, bound.multipliedBy(plan.patience()));
  }

  /** Waits for a condition and returns how long that took, in milliseconds. */
  long await(String what, Duration limit, BooleanSupplier condition) {
    return findings.await(what, limit, condition);
  }

  /** Whether no event, delivery or timer is left. */
  boolean isDone() {
    return jdbi()
            .withHandle(handle ->
                handle
                    .createQuery(
                        """
                        select (select count(*) from webhooks.outbox) + (select count(*) from webhooks.delivery)
                          + (select count(*) from webhooks.scheduled_tasks where task_name = 'retry')
                        """)
                    .mapTo(Long.class)
                    .one())
        == 0;
  }

  /** Stops writing, lets everything become final, and joins it all. */
  Result finish(String name, int allowedExtra) {
    writer.stop();
    long drained = await("the backlog drains", plan.drainLimit(), this::isDone);
    figure("drained after", "%.1f s".formatted(drained / 1000.0));
    figure("transactions that came to nothing", writer.refused());
    List<Receipt> posts = receipts();
    Tables tables = Tables.read(jdbi());
    int early = Retries.early(posts, tables.unanswered());
    expect(early == 0, early + " retries came early");
    Report report =
        Joiner.join(
            ledger(), posts, tables, audience.subscribers(), !plan.setUp().waitsForCommits());
    return new Result(name, report, allowedExtra, findings.figures(), findings.failures());
  }

  @Override
  public void close() {
    writer.close();
    fleet.close();
    farm.close();
    wires.values().forEach(Wire::close);
    writerWire.close();
    database.close();
    postgres.close();
    if (disk != null) {
      disk.close();
    }
    ledger.close();
    receipts.close();
  }
}
