package io.outboxworker.api;

/** The address and port to listen on are taken by another program, or not this machine's. */
public final class CannotListen extends RuntimeException {
  CannotListen(String address, int port) {
    super("can't listen on %s, port %d: it is taken or not allowed".formatted(address, port));
  }
}
