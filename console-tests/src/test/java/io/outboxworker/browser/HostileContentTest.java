package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.outboxworker.api.Tokens;
import io.outboxworker.browser.Endpoints.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Fifty pieces of markup and script in every field that somebody else fills, straight into the
 * tables, where no check stands before them. All are shown as text, none does anything.
 */
final class HostileContentTest {
  private static final List<String> PAYLOADS = payloads();

  private static Stand stand;
  private static Page page;
  private static List<String> subscriptions = List.of();
  private static List<String> deliveries = List.of();

  @BeforeAll
  static void start() {
    stand = new Stand();
    subscriptions = fill(HostileRows.SUBSCRIPTIONS);
    deliveries = fill(HostileRows.DELIVERIES);
    fill(HostileRows.REPLAYS);
    page = stand.signIn(stand.newPage());
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @AfterEach
  void nothing_happened() {
    page.waitForTimeout(200);
    assertThat(stand.faults()).isEmpty();
    assertThat(
            page.locator("main :is(script, iframe, object, embed, base, meta, form[action], img)"))
        .hasCount(0);
    assertThat(page.evaluate("document.querySelectorAll('[onerror],[onload],[onfocus]').length"))
        .isEqualTo(0);
  }

  @Test
  void on_the_overview_it_is_text() {
    stand.go(page, "");
    assertThat(page.locator(".troubled > li")).hasCount(PAYLOADS.size());
    assertAllShown(".troubled", PAYLOADS);
    assertThat(page.locator(".deliveries > li").first()).isVisible();
  }

  @Test
  void in_the_log_and_as_it_arrives_it_is_text() {
    stand.go(page, "deliveries");
    assertThat(page.locator(".deliveries > li").nth(49)).isAttached();
    assertThat(page.locator(".live")).hasText("Live");
    List<String> arriving = fill(HostileRows.DELIVERIES);
    for (String id : arriving) {
      assertThat(page.locator("[data-id='" + id + "']")).isAttached();
    }
    assertAllShown(".deliveries", PAYLOADS);
  }

  @Test
  void in_a_delivery_it_is_text() {
    for (int i = 0; i < PAYLOADS.size(); i++) {
      String payload = PAYLOADS.get(i);
      stand.go(page, "deliveries/" + deliveries.get(i));
      assertThat(page.locator("h1")).hasText(payload.strip());
      assertThat(page.locator(".timeline")).containsText("Attempt 1");
      assertThat(page.locator(".timeline").textContent()).contains(payload);
      assertThat(page.locator("aside").textContent()).contains(payload);
      String body = String.valueOf(page.locator("outbox-tabs pre").first().textContent());
      assertThat(body).contains("resource_id").contains(quoted(payload));
      if (i % 5 == 0) {
        tab("Headers");
        assertThat(page.locator("outbox-tabs").textContent()).contains(payload);
        tab("Send it by hand");
        assertThat(page.locator(".panel pre").first().textContent()).contains("curl");
      }
    }
  }

  @Test
  void in_the_headers_of_a_request_it_is_text() {
    stand.go(page, "deliveries/" + deliveries.getFirst());
    tab("Headers");
    assertThat(page.locator("outbox-tabs")).containsText("User-Agent");
    assertAllShown("outbox-tabs", PAYLOADS);
  }

  @Test
  void in_subscriptions_it_is_text() {
    stand.go(page, "subscriptions");
    assertThat(page.locator("a[href$='" + subscriptions.getLast() + "']")).isAttached();
    page.locator("load-more").scrollIntoViewIfNeeded();
    assertThat(page.locator("a[href$='" + subscriptions.getFirst() + "']")).isAttached();
    assertAllShown("main", PAYLOADS);
    for (int i = 0; i < PAYLOADS.size(); i++) {
      stand.go(page, "subscriptions/" + subscriptions.get(i));
      assertThat(page.locator("h1")).hasText(PAYLOADS.get(i).strip());
      assertThat(page.locator(".facts dd code").first()).containsText(": ");
      assertThat(page.locator(".facts").textContent()).contains(PAYLOADS.get(i));
      assertThat(page.locator(".notice").first().textContent()).contains("Disabled");
    }
    stand.go(page, "subscriptions/" + subscriptions.getFirst());
    assertAllShown(".facts", PAYLOADS);
    stand.go(page, "subscriptions/" + subscriptions.getFirst() + "/edit");
    assertThat(page.locator("#url")).hasValue(PAYLOADS.getFirst());
    assertThat(page.locator("#description")).hasValue(PAYLOADS.getFirst());
    assertThat(page.locator(".header-row")).hasCount(PAYLOADS.size());
  }

  @Test
  void among_event_types_and_in_their_picker_it_is_text() {
    stand.go(page, "event-types");
    assertThat(page.locator(".types > li").nth(60)).isAttached();
    assertAllShown("main", PAYLOADS);
    page.getByLabel("Find an event").fill("<marquee");
    assertThat(page.locator(".types > li")).hasCount(1);
    stand.go(page, "subscriptions/new");
    assertThat(page.locator(".picker-list label").nth(60)).isAttached();
    assertAllShown(".picker-list", PAYLOADS);
  }

  @Test
  void in_replays_and_their_filters_it_is_text() {
    // The list has 20.
    for (int shown = 0; shown < PAYLOADS.size(); shown += 20) {
      stand.go(page, "event-types");
      assertThat(page.locator("h1")).hasText("Event types");
      stand.go(page, "replays");
      List<String> expected = PAYLOADS.reversed().subList(shown, Math.min(shown + 20, 50));
      assertAllShown(".replays", expected);
      stand
          .shop()
          .database()
          .exec(
              "delete from webhooks.replay where id in (select id from webhooks.replay order by id"
                  + " desc limit 20)");
    }
    for (String payload : PAYLOADS) {
      stand.go(
          page,
          "replays?event=%1$s&subscription_id=%1$s&since=%1$s&until=%1$s&status=%1$s"
              .formatted(encoded(payload)));
      assertThat(page.locator("#replay-event")).hasValue(payload);
    }
    page.getByText("1 hour ago").click();
    page.getByText("Count first").click();
    assertThat(page.locator("main [role=alert]")).isVisible();
  }

  @Test
  void in_the_audit_log_and_in_the_names_of_tokens_it_is_text() {
    fill(HostileRows.AUDIT);
    stand.go(page, "audit");
    assertThat(page.locator(".audit > li").nth(49)).isAttached();
    assertAllShown(".audit", PAYLOADS);
    String id = stand.subscribe("hostile.token", "/hostile");
    Tokens tokens = new Tokens(stand.shop().jdbi());
    List<String> named =
        PAYLOADS.stream().map(name -> tokens.create(stand.shop().tenant(), name, null)).toList();
    for (String token : named) {
      try (Calls calls = new Calls(stand.url(), token)) {
        assertThat(calls.post("/subscriptions/" + id + "/rotate-secret", "{}").status())
            .isEqualTo(200);
      }
    }
    page.reload();
    assertThat(page.locator(".audit > li").first()).containsText("secret_rotated");
    assertAllShown(".audit", PAYLOADS);
  }

  @Test
  void in_the_answer_to_a_test_send_it_is_text() {
    String id = stand.subscribe("hostile.answer", "/hostile");
    stand.go(page, "subscriptions/" + id);
    for (String payload : PAYLOADS) {
      stand.endpoints().answer("/hostile", new Answer(302, payload, "https://x/" + payload));
      page.locator("test-send button.send").click();
      assertThat(page.locator("test-send pre")).hasText(payload);
    }
  }

  @Test
  void in_forms_and_what_they_say_is_wrong_it_is_text() {
    stand.go(page, "subscriptions/new");
    page.getByText("More settings").click();
    page.evaluate(
        """
        async (payloads) => {
          for (const text of payloads) {
            for (const id of ['url', 'event', 'retry_delays', 'timeout', 'description']) {
              const field = document.getElementById(id);
              field.value = text;
              field.dispatchEvent(new Event('input', {bubbles: true}));
              field.dispatchEvent(new Event('blur'));
            }
            await new Promise(requestAnimationFrame);
          }
        }
        """,
        PAYLOADS);
    assertThat(page.locator("#retry_delays-fault")).containsText(PAYLOADS.getLast());
    page.locator("form button.first").click();
    assertThat(page.locator("#url-fault")).not().isEmpty();
  }

  @Test
  void in_an_address_it_is_text() {
    for (String payload : PAYLOADS) {
      stand.go(
          page,
          "deliveries?event=%1$s&resource_id=%1$s&subscription_id=%1$s&status=%1$s&range=%1$s"
              .formatted(encoded(payload)));
      assertThat(page.getByLabel("Resource id")).hasValue(payload);
    }
    page.navigate(stand.url() + "#/%3Cimg%20src%3Dx%20onerror%3Dxss(1)%3E/%E0%A4%A");
    assertThat(page.locator("h1")).hasText("There is nothing here");
  }

  private static void tab(String name) {
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(name)).click();
  }

  private static void assertAllShown(String place, List<String> payloads) {
    assertThat(page.locator(place)).containsText(payloads.getLast().strip());
    assertThat(page.locator(place).textContent()).contains(payloads);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  /** As JSON has it between its quotes. */
  private static String quoted(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  /** One row with each text in all of its fields; returns the ids. */
  private static List<String> fill(String sql) {
    return stand
        .shop()
        .database()
        .jdbi()
        .withHandle(handle ->
            handle
                .createQuery(sql)
                .bind("tenant", stand.shop().tenant())
                .bindArray("texts", String.class, PAYLOADS)
                .mapTo(String.class)
                .list());
  }

  private static List<String> payloads() {
    try (InputStream file =
        Objects.requireNonNull(HostileContentTest.class.getResourceAsStream("/xss.txt"))) {
      List<String> lines = new String(file.readAllBytes(), UTF_8).lines().toList();
      assertThat(lines).hasSize(50);
      return lines;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
