package io.outboxworker.cli;

/** What the program tells its caller by its exit code, besides 0. */
public final class ExitCodes {

  /** The operation failed; the reason is on stderr. */
  public static final int FAILED = 1;

  /** The command line can't be understood. */
  public static final int USAGE = 64;

  /** The database is not reachable. */
  public static final int UNREACHABLE = 69;

  /** A fault of this program. */
  public static final int INTERNAL = 70;

  /** The configuration can't be used. */
  public static final int CONFIGURATION = 78;

  private ExitCodes() {}
}
