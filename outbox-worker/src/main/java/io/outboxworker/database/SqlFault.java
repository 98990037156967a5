package io.outboxworker.database;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a failed statement tells: whether its data is to blame, and a text without row data. */
public final class SqlFault {
  /** Connections, limits and operators; conflicts of transactions; locks; time-outs; a standby. */
  private static final List<String> MOMENTARY =
      List.of("08", "53", "57P", "57014", "40", "55P03", "25006");

  private SqlFault() {}

  /** Whether the data of the statement is at fault (SQLSTATE class 22 or 23), not the database. */
  public static boolean isOfData(Throwable failure) {
    String state = state(failure);
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  /** Whether a row with the same key is there already (SQLSTATE 23505). */
  public static boolean isDuplicate(Throwable failure) {
    return "23505".equals(state(failure));
  }

  /** Whether the database is at fault, so that the very same statement may work later. */
  public static boolean isOfDatabase(Throwable failure) {
    return sqlException(failure) != null ? !isOfData(failure) : isConnectionFault(failure);
  }

  /**
   * Whether the database is away, overloaded, read-only or in each other's way, so that the caller
   * should come back; not so where the statement itself is wrong.
   */
  public static boolean isOfTheMoment(Throwable failure) {
    String state = state(failure);
    return state == null
        ? isConnectionFault(failure)
        : MOMENTARY.stream().anyMatch(state::startsWith);
  }

  private static boolean isConnectionFault(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException) {
        return true;
      }
    }
    return false;
  }

  /** Whether the server refused the user, so that waiting will not help (SQLSTATE class 28). */
  static boolean isRefusedLogin(Throwable failure) {
    String state = state(failure);
    return state != null && (state.startsWith("28") || state.equals("3D000"));
  }

  /** Whether the statement took longer than it may, or was cancelled (SQLSTATE 57014). */
  public static boolean isTimeout(Throwable failure) {
    return "57014".equals(state(failure));
  }

  /** Whether a lock was not had in time, so that the statement may work later (SQLSTATE 55P03). */
  static boolean isLockTimeout(Throwable failure) {
    return "55P03".equals(state(failure));
  }

  /** One line for a log: the server's message and SQLSTATE, never the row that failed. */
  public static String describe(Throwable failure) {
    SQLException cause = sqlException(failure);
    if (cause == null) {
      return failure.toString().lines().findFirst().orElse("");
    }
    String message = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    return cause.getSQLState() == null ? message : message + " [" + cause.getSQLState() + "]";
  }

  private static @Nullable String state(Throwable failure) {
    SQLException cause = sqlException(failure);
    return cause == null ? null : cause.getSQLState();
  }

  private static @Nullable SQLException sqlException(Throwable failure) {
    @Nullable SQLException deepest = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        deepest = sql;
      }
    }
    return deepest;
  }
}
