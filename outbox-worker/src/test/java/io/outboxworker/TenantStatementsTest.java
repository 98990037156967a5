package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads every SQL statement of the program that a tenant's call can lead to. */
class TenantStatementsTest {
  private static final Path SOURCES = Path.of("src/main/java/io/outboxworker");
  private static final Pattern TEXT_BLOCK = Pattern.compile("\"\"\"\\n(.*?)\"\"\"", Pattern.DOTALL);
  private static final Pattern TENANTS_TABLE =
      Pattern.compile(
          "\\b(from|join|into|update)\\s+(only\\s+)?(subscription|delivery|delivery_log|event_log|outbox|api_token|audit_log"
              + "|idempotency_key|replay|delivery_count)\\b");

  /** Files of other rooms than the API's whose statements run in a tenant's name. */
  private static final List<String> ON_BEHALF_OF_TENANTS =
      List.of(
          "subscription/Subscriptions.java",
          "subscription/PublicKeys.java",
          "delivery/DeliveryList.java",
          "delivery/DeliveryDetails.java",
          "delivery/Erasure.java",
          "delivery/Replays.java",
          "outbox/Publisher.java");

  /** What is for no tenant in particular, by its beginning, and why it may be. */
  private static final Map<String, String> WITHOUT_TENANT =
      Map.of(
          "select id, tenant_id, name, hash", "whose a token is, is asked by its hash",
          "update api_token set last_used_at", "the token that was just found by its hash",
          "update api_token set revoked_at", "an operator's command: it has an id and no tenant");

  @Test
  void every_statement_that_a_tenants_call_leads_to_names_its_tenant() throws IOException {
    List<String> statements = new ArrayList<>();
    List<String> nameless = new ArrayList<>();
    for (Path file : files()) {
      for (String block : blocks(file)) {
        if (TENANTS_TABLE.matcher(block).find()) {
          statements.add(block);
          boolean excused = WITHOUT_TENANT.keySet().stream().anyMatch(block.strip()::startsWith);
          if (!block.contains("tenant") && !excused) {
            nameless.add(file.getFileName() + ": " + block);
          }
        }
      }
    }
    assertThat(nameless).isEmpty();
    // The search finds what there is to be read.
    assertThat(statements).hasSizeGreaterThan(10);
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> api = Files.list(SOURCES.resolve("api"))) {
      return Stream.concat(
              api.filter(file -> file.toString().endsWith(".java")),
              ON_BEHALF_OF_TENANTS.stream()
                  .map(SOURCES::resolve)
                  .peek(file -> assertThat(file).exists()))
          .toList();
    }
  }

  private static List<String> blocks(Path file) throws IOException {
    return TEXT_BLOCK
        .matcher(Files.readString(file))
        .results()
        .map(result -> result.group(1))
        .toList();
  }
}
