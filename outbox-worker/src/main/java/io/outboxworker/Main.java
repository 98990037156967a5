package io.outboxworker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import io.outboxworker.Config.Need;
import io.outboxworker.cli.Arguments;
import io.outboxworker.cli.DeliveriesCommand;
import io.outboxworker.cli.Desk;
import io.outboxworker.cli.DoctorCommand;
import io.outboxworker.cli.EraseCommand;
import io.outboxworker.cli.EventCommand;
import io.outboxworker.cli.KeysCommand;
import io.outboxworker.cli.ListenCommand;
import io.outboxworker.cli.ReplayCommand;
import io.outboxworker.cli.SubscriptionCommand;
import io.outboxworker.cli.TokenCommand;
import io.outboxworker.cli.VerifyCommand;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.webhook.Sender;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The front door: understands the command line, and turns whatever happens into an exit code. */
@Command(
    name = "outbox",
    description = "Turns events that were committed to PostgreSQL into signed webhooks.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Main.VersionLine.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:done",
      " 1:the operation failed",
      "64:the command line can't be understood",
      "69:the database is not reachable",
      "70:a fault of this program",
      "78:the configuration can't be used"
    },
    footer = {
      "%nThe configuration comes from OUTBOX_ variables: `outbox check` lists them.",
      "`outbox demo`, in a checkout of the sources, shows everything at work."
    })
public final class Main {

  private static final Logger log = LoggerFactory.getLogger(Main.class);

  /** How long a database that is starting up is waited for. */
  private static final Duration START_LIMIT = Duration.ofSeconds(30);

  /** What --version prints. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"outbox-worker " + Version.current()};
    }
  }

  private final Map<String, String> environment;
  private final PrintWriter out;
  private final PrintWriter err;

  private Main(Map<String, String> environment, PrintWriter out, PrintWriter err) {
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  /** Runs one command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    Sender.prepareJvm();
    // JSON is UTF-8 wherever it goes, and a C locale would turn every é into a question mark.
    var out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    var err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    System.exit(run(arguments, System.getenv(), out, err));
  }

  /** Runs one command with this environment and returns its exit code; never throws. */
  public static int run(
      String[] arguments, Map<String, String> environment, PrintWriter out, PrintWriter err) {
    var main = new Main(environment, out, err);
    var opening = new Opening(main::configuration);
    var desk = new Desk(out, err, opening::database, opening::subscriptions, opening::testPost);
    var commands = new CommandLine(main);
    addSubcommands(commands, subcommands(desk, opening), arguments.length == 0 ? "" : arguments[0]);
    return Arguments.understoodBy(commands)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((fault, args) -> Faults.misunderstood(fault))
        .setExecutionExceptionHandler((fault, command, parsed) -> Faults.failed(fault, err))
        .execute(arguments);
  }

  private static Map<String, Supplier<Object>> subcommands(Desk desk, Opening opening) {
    Map<String, Supplier<Object>> subcommands = new LinkedHashMap<>();
    subcommands.put("token", () -> new TokenCommand(desk));
    subcommands.put("subscription", () -> new SubscriptionCommand(desk));
    subcommands.put("doctor", () -> new DoctorCommand(desk, opening::patient));
    subcommands.put("deliveries", () -> new DeliveriesCommand(desk));
    subcommands.put("replay", () -> new ReplayCommand(desk));
    subcommands.put("erase", () -> new EraseCommand(desk));
    subcommands.put("event", () -> new EventCommand(desk, System.in));
    subcommands.put("listen", () -> new ListenCommand(desk.out(), desk.err()));
    subcommands.put("verify", () -> new VerifyCommand(desk.out(), System.in));
    subcommands.put("keys", () -> new KeysCommand(desk));
    return subcommands;
  }

  /** To look at all of them takes a tenth of a worker's start: only who asks for none gets all. */
  private static void addSubcommands(
      CommandLine commands, Map<String, Supplier<Object>> subcommands, String first) {
    var wanted = subcommands.get(first);
    if (wanted != null) {
      commands.addSubcommand(first, wanted.get());
    } else if (!commands.getSubcommands().containsKey(first)) {
      subcommands.forEach((name, command) -> commands.addSubcommand(name, command.get()));
      commands.addSubcommand(new GenerateCompletion());
    }
  }

  @Command(
      description = {
        "Reads the configuration that `work` runs with, and contacts nothing.",
        "Prints what is in effect, secrets masked, or every fault at once (exit code 78)."
      })
  void check(@Option(names = "--json", description = "Print JSON.") boolean json) {
    var config = configuration(Need.values());
    out.println(json ? Setting.json(config.settings()) : Setting.table(config.settings()));
    config.warnings().forEach(this::warn);
  }

  @Command(
      description = {
        "Brings the schema to the version of this program, in every configured database.",
        "Safe to run several times, and by several at once."
      })
  void migrate() throws InterruptedException {
    migrate(
        configuration(Need.DATABASE),
        (database, applied) ->
            out.println(
                database + ": " + (applied == 0 ? "up to date" : applied + " migrations applied")),
        this::warn);
  }

  @Command(
      description = {
        "Delivers events until it is stopped by SIGTERM or Ctrl-C: then running attempts end"
            + " first.",
        "Prints where it listens, as its only line on stdout, and logs everything else to stderr."
      })
  void work(
      @Option(names = "--migrate", description = "Brings the schema up to date first.")
          boolean migrate)
      throws InterruptedException {
    var config = configuration(Need.DATABASE, Need.KEYS);
    config.warnings().forEach(log::warn);
    if (migrate) {
      migrate(
          config,
          (database, applied) ->
              log.atInfo()
                  .addKeyValue("database", database)
                  .addKeyValue("migrations", applied)
                  .log("schema is up to date"),
          log::warn);
    }
    new Service(config, out).run();
  }

  private void migrate(Config config, ObjIntConsumer<String> told, Consumer<String> warned)
      throws InterruptedException {
    for (var database : config.databases().entrySet()) {
      awaitReachable(database.getValue());
      var migrations = new Migrations(database.getValue());
      told.accept(database.getKey(), migrations.migrate());
      var missing = migrations.missingRoles();
      if (!missing.isEmpty()) {
        warned.accept(
            "no right to make roles; let an administrator run:\n  "
                + missing.stream().map("create role %s nologin;"::formatted).collect(joining(" "))
                + "\nand then the owner of the tables:\n  select webhooks.grant_roles();");
      }
    }
  }

  private void warn(String text) {
    err.println("warning: " + text);
  }

  private void awaitReachable(DatabaseSettings settings) throws InterruptedException {
    try (var database = Database.open(settings, "start", 1, null)) {
      database.awaitReachable(START_LIMIT);
    }
  }

  /** Reads the configuration and begins to log as it says. */
  private Config configuration(Need... needs) {
    var config = Config.read(environment, needs);
    config.logging().start();
    return config;
  }
}
