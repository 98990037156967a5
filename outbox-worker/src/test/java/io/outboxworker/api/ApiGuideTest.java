package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.outboxworker.Worker;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** docs/api.md: every route has its place and its command, and every command works. */
final class ApiGuideTest {
  private static final String GUIDE = read();
  private static final Pattern BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
  private static final Pattern HEADING = Pattern.compile("(?m)^### `([A-Z]+ [^`]+)`$");

  @Test
  void every_route_has_a_section_with_a_command() {
    List<String> sections = HEADING.matcher(GUIDE).results().map(match -> match.group(1)).toList();

    assertThat(new Api(20, null, List.of()).routes())
        .extracting(route -> route.method().text() + " " + route.path())
        .containsExactlyInAnyOrderElementsOf(sections);
  }

  @Test
  void every_command_of_the_page_succeeds_in_its_order() throws Exception {
    assumeTrue(isThere("curl"), "curl is not installed");
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop);
        TestReceiver receiver = new TestReceiver()) {
      Worker worker = workers.start();
      String token = new Tokens(shop.jdbi()).create(shop.tenant(), "guide", null);
      shop.subscribe("invoice.created", receiver.url("/hook"));
      shop.publish("invoice.created", "{}");
      Awaitility.await().atMost(Duration.ofSeconds(15)).until(shop::isDone);
      for (String command : commands()) {
        String line =
            ids(shop)
                + "export TOKEN="
                + token
                + "\n"
                + command
                    .replace("http://localhost:8000", "http://127.0.0.1:" + worker.httpPort())
                    .replace("https://example.com/hook", receiver.url("/hook"))
                    .replace("curl ", "curl -sS --fail-with-body ");
        Process process =
            new ProcessBuilder("bash", "-e", "-c", line).redirectErrorStream(true).start();
        String printed =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s%n%s", command, printed).isZero();
        // What a command does must have happened before the next one refers to it.
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(shop::isDone);
      }
    }
  }

  private static List<String> commands() {
    List<String> commands = new ArrayList<>();
    BLOCK.matcher(GUIDE).results().forEach(block -> commands.add(block.group(1)));
    commands.removeIf(command -> command.contains("./outbox"));
    return commands;
  }

  private static String ids(Shop shop) {
    return """
    SUBSCRIPTION=%s
    DELIVERY=%s
    REPLAY=%s
    """
        .formatted(
            newest(shop, "select id from subscription where deleted_at is null"),
            newest(shop, "select id from delivery_log"),
            newest(shop, "select id from replay"));
  }

  private static String newest(Shop shop, String query) {
    return shop.jdbi()
        .withHandle(handle ->
            handle
                .createQuery(query + " order by id desc limit 1")
                .mapTo(String.class)
                .findOne()
                .orElse("none"));
  }

  private static boolean isThere(String program) throws IOException, InterruptedException {
    return new ProcessBuilder("sh", "-c", "command -v " + program).start().waitFor() == 0;
  }

  private static String read() {
    try {
      return Files.readString(Path.of("../docs/api.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
