package io.outboxworker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.Main;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ListenCommandTest {

  @Test
  void it_verifies_what_a_worker_sends_and_prints_it() {
    var out = new StringWriter();
    var err = new StringWriter();
    var ended = listen(out, err, "--count", "1", "--secret", Shop.SECRET);
    try (var shop = new Shop();
        var workers = new Workers(shop)) {
      shop.subscribe("invoice.created", url(err));
      workers.start();
      var event = shop.publish("invoice.created", "{\"total\":1.50}");
      assertThat(ended.join()).isZero();
      assertThat(out.toString())
          .hasLineCount(1)
          .contains("event=invoice.created id=" + event)
          .contains("attempt=1 answer=200 (X-Signature: right, webhook-signature: right")
          .contains("\"data\":{\"total\":1.50}");
    }
  }

  @Test
  void a_wrong_signature_is_answered_with_401() {
    var out = new StringWriter();
    var err = new StringWriter();
    var ended = listen(out, err, "--count", "1", "--secret", "not the secret of the shop");
    try (var shop = new Shop();
        var workers = new Workers(shop)) {
      shop.subscribe("invoice.created", url(err));
      workers.start();
      shop.publish("invoice.created", "{}");
      assertThat(ended.join()).isZero();
      assertThat(out.toString())
          .contains("answer=401 (X-Signature: WRONG, webhook-signature: WRONG");
    }
  }

  private static CompletableFuture<Integer> listen(
      StringWriter out, StringWriter err, String... options) {
    var arguments = new String[options.length + 3];
    System.arraycopy(new String[] {"listen", "--port", "0"}, 0, arguments, 0, 3);
    System.arraycopy(options, 0, arguments, 3, options.length);
    return CompletableFuture.supplyAsync(
        () -> Main.run(arguments, Map.of(), new PrintWriter(out, true), new PrintWriter(err, true)),
        task -> Thread.ofPlatform().daemon().start(task));
  }

  private static String url(StringWriter err) {
    var listening = Pattern.compile("listening on (http\\S+)");
    await().until(() -> listening.matcher(err.toString()).find());
    var found = listening.matcher(err.toString());
    assertThat(found.find()).isTrue();
    return found.group(1);
  }
}
