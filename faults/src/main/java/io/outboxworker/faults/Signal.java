package io.outboxworker.faults;

import java.io.IOException;

/** Signals to processes that the suite started. */
final class Signal {
  private Signal() {}

  static void send(String signal, long pid) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).inheritIO().start().waitFor();
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    } catch (IOException e) {
      throw new IllegalStateException("there is no kill command", e);
    }
  }
}
