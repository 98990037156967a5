package io.outboxworker.cli;

/** The command line makes no sense where it was given; the message is a sentence for its caller. */
public final class CommandMisused extends RuntimeException {

  public CommandMisused(String message) {
    super(message);
  }
}
