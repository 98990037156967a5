package io.outboxworker;

import io.outboxworker.api.CannotListen;
import io.outboxworker.cli.CommandFailed;
import io.outboxworker.cli.CommandMisused;
import io.outboxworker.cli.ExitCodes;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.database.MigrationFailed;
import io.outboxworker.database.SqlFault;
import io.outboxworker.subscription.InvalidSubscription;
import io.outboxworker.subscription.KeyRing.SecretNotOpened;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.List;
import org.jdbi.v3.core.JdbiException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What went wrong, in a sentence for people and an exit code for programs. */
public final class Faults {

  private static final List<String> CONNECTION_LOST = List.of("08", "57P", "53");
  private static final List<String> NOT_MIGRATED = List.of("3F000", "42P01", "42883", "42703");

  private Faults() {}

  /** Tells why the command line was not understood. */
  public static int misunderstood(ParameterException fault) {
    var command = fault.getCommandLine();
    var err = command.getErr();
    var name = command.getCommandSpec().qualifiedName();
    err.println(name + ": " + fault.getMessage());
    if (fault.getClass() == ParameterException.class && !command.getSubcommands().isEmpty()) {
      command.usage(err);
    } else if (!UnmatchedArgumentException.printSuggestions(fault, err)) {
      err.println("Try: " + name + " --help");
    }
    return ExitCodes.USAGE;
  }

  /** Tells why the command failed. */
  public static int failed(Exception fault, PrintWriter err) {
    return switch (fault) {
      case CommandMisused misused -> told(misused, err, ExitCodes.USAGE);
      case InvalidConfig invalid -> told(invalid, err, ExitCodes.CONFIGURATION);
      case CannotStart unfit -> told(unfit, err, ExitCodes.CONFIGURATION);
      case SecretNotOpened locked -> told(locked, err, ExitCodes.CONFIGURATION);
      case DatabaseUnreachable away -> told(away, err, ExitCodes.UNREACHABLE);
      case CannotListen taken -> told(taken, err, ExitCodes.FAILED);
      case CommandFailed failure -> told(failure, err, ExitCodes.FAILED);
      case InvalidSubscription invalid -> told(invalid, err, ExitCodes.FAILED);
      case MigrationFailed failure -> told(failure, err, ExitCodes.FAILED);
      case JdbiException refused -> refused(refused, err);
      default -> {
        err.println("outbox: a fault of this program, please report it:");
        fault.printStackTrace(err);
        yield ExitCodes.INTERNAL;
      }
    };
  }

  private static int told(Exception fault, PrintWriter err, int exitCode) {
    String.valueOf(fault.getMessage()).lines().forEach(line -> err.println("outbox: " + line));
    return exitCode;
  }

  private static int refused(JdbiException fault, PrintWriter err) {
    var state = state(fault);
    err.println("outbox: " + SqlFault.describe(fault));
    if (CONNECTION_LOST.stream().anyMatch(state::startsWith)) {
      return ExitCodes.UNREACHABLE;
    }
    if (NOT_MIGRATED.contains(state)) {
      err.println("outbox: has `outbox migrate` been run with this version?");
    }
    return ExitCodes.FAILED;
  }

  private static String state(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }
}
