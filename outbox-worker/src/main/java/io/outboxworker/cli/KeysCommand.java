package io.outboxworker.cli;

import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.KeyRotation.Batch;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The keys that the stored signing secrets are encrypted with. */
@Command(name = "keys", description = "Keys that encrypt the stored signing secrets.")
public final class KeysCommand {
  private static final int BATCH = 200;

  private final Desk desk;

  public KeysCommand(Desk desk) {
    this.desk = desk;
  }

  @Command(description = "Prints a fresh value for OUTBOX_KEYS.")
  void generate() {
    desk.out().println(KeyRing.generate());
  }

  @Command(
      description = {
        "Encrypts all stored secrets with the newest key of OUTBOX_KEYS, while deliveries go on.",
        "First add the new key to OUTBOX_KEYS beside the old ones and restart every worker; when"
            + " this is done, the old key can be taken out.",
        "Exit code 1 if there are secrets that no key opens."
      })
  int rotate(@Mixin DatabaseOption database) {
    int sealed = 0;
    int unopened = 0;
    try (var open = desk.subscriptions().apply(database.name)) {
      @Nullable UUID next = null;
      do {
        Batch batch = open.keyRotation().step(next, BATCH);
        sealed += batch.sealed();
        unopened += batch.unopened().size();
        batch
            .unopened()
            .forEach(id -> desk.err().println("no key opens the secrets of subscription " + id));
        next = batch.next();
      } while (next != null);
    }
    desk.out().println("%d rotated, %d not opened".formatted(sealed, unopened));
    return unopened == 0 ? 0 : ExitCodes.FAILED;
  }
}
