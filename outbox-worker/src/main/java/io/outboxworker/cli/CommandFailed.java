package io.outboxworker.cli;

/** A command could not do what it was asked for; the message is a sentence for its caller. */
public final class CommandFailed extends RuntimeException {

  public CommandFailed(String message) {
    super(message);
  }
}
