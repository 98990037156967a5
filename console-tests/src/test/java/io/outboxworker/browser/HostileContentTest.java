package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
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

  @BeforeAll
  static void start() {
    stand = new Stand();
    page = stand.signIn(stand.newPage());
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void in_the_log_of_deliveries_it_is_text() {
    List<String> ids = PAYLOADS.stream().map(HostileContentTest::delivery).toList();
    stand.go(page, "deliveries");
    for (String id : ids) {
      assertThat(page.locator("[data-id='" + id + "']")).isAttached();
    }
    for (int i = 0; i < ids.size(); i++) {
      String payload = PAYLOADS.get(i);
      stand.go(page, "deliveries/" + ids.get(i));
      assertThat(page.locator("h1")).hasText(payload.strip());
      var timeline = page.locator(".timeline");
      assertThat(timeline).containsText("Attempt 1");
      assertThat(timeline.textContent()).contains(payload);
      assertThat(page.locator("aside").textContent()).contains(payload);
      assertThat(page.locator("outbox-tabs pre").first().textContent()).contains("resource_id");
      if (i % 5 == 0) {
        page.getByText("Headers", new Page.GetByTextOptions().setExact(true)).click();
        page.getByText("Send it by hand").click();
        assertThat(page.locator(".panel pre").first().textContent()).contains("curl");
      }
    }
    nothingHappened();
  }

  @Test
  void in_subscriptions_it_is_text() {
    List<String> ids = new ArrayList<>();
    for (String payload : PAYLOADS) {
      UUID id = UUID.randomUUID();
      ids.add(id.toString());
      insert(
          """
          insert into webhooks.subscription
            (id, tenant_id, url, event, description, headers, active, disabled_reason, disabled_at)
          values (:id, :tenant, :text, 'x.y', :text, json_build_object(:text, :text), false, :text, now())
          """,
          id,
          payload);
    }
    stand.go(page, "subscriptions");
    for (String id : ids.subList(0, 40)) {
      assertThat(page.locator("a[href$='" + id + "']")).isAttached();
    }
    for (int i = 0; i < ids.size(); i++) {
      stand.go(page, "subscriptions/" + ids.get(i));
      assertThat(page.locator("h1")).hasText(PAYLOADS.get(i).strip());
      assertThat(page.locator("main").textContent()).contains(PAYLOADS.get(i));
      if (i % 10 == 0) {
        stand.go(page, "subscriptions/" + ids.get(i) + "/edit");
        assertThat(page.locator("#url")).hasValue(PAYLOADS.get(i));
      }
    }
    for (String place : List.of("", "replays", "deliveries", "event-types", "audit")) {
      stand.go(page, place);
      assertThat(page.locator("main h1")).isVisible();
      page.waitForTimeout(150);
    }
    nothingHappened();
    stand.shop().database().exec("delete from webhooks.subscription where event = 'x.y'");
  }

  @Test
  void in_the_audit_log_it_is_text() {
    for (String payload : PAYLOADS) {
      insert(
          """
          insert into webhooks.audit_log (id, tenant_id, actor, action, subject, details)
          values (webhooks.uuid_v7(), :tenant, :text, :text, :text, json_build_object(:text, :text))
          """,
          UUID.randomUUID(),
          payload);
    }
    stand.go(page, "audit");
    assertThat(page.locator(".audit > li").nth(49)).isAttached();
    assertThat(page.locator(".audit").textContent()).contains(PAYLOADS.getLast());
    nothingHappened();
  }

  @Test
  void in_the_answer_to_a_test_send_it_is_text() {
    String id = stand.subscribe("hostile.answer", "/hostile");
    stand.go(page, "subscriptions/" + id);
    for (String payload : PAYLOADS.subList(0, 12)) {
      stand.endpoints().answer("/hostile", new Answer(302, payload, "https://x/" + payload));
      page.locator("test-send button.send").click();
      assertThat(page.locator("test-send pre")).hasText(payload);
    }
    nothingHappened();
  }

  @Test
  void in_an_address_it_is_text() {
    for (String payload : PAYLOADS) {
      String encoded = java.net.URLEncoder.encode(payload, UTF_8).replace("+", "%20");
      page.navigate(
          stand.url()
              + "#/deliveries?event="
              + encoded
              + "&resource_id="
              + encoded
              + "&subscription_id="
              + encoded
              + "&status="
              + encoded
              + "&range="
              + encoded);
      assertThat(page.getByLabel("Resource id")).hasValue(payload);
    }
    page.navigate(stand.url() + "#/%3Cimg%20src%3Dx%20onerror%3Dxss(1)%3E/%E0%A4%A");
    assertThat(page.locator("h1")).hasText("There is nothing here");
    nothingHappened();
  }

  private static void nothingHappened() {
    page.waitForTimeout(200);
    assertThat(stand.faults()).isEmpty();
    assertThat(
            page.locator("main :is(script, iframe, object, embed, base, meta, form[action], img)"))
        .hasCount(0);
    assertThat(page.evaluate("document.querySelectorAll('[onerror],[onload],[onfocus]').length"))
        .isEqualTo(0);
  }

  private static String delivery(String payload) {
    UUID event = UUID.fromString(stand.shop().database().text("select webhooks.uuid_v7()::text"));
    UUID id = UUID.fromString(stand.shop().database().text("select webhooks.uuid_v7()::text"));
    insert(
        """
        with event as (
          insert into webhooks.event_log
            (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
          values ('%s', :tenant, :text, :text, :text, json_build_object(:text, :text), now())
          returning id)
        insert into webhooks.delivery_log
          (id, event_id, subscription_id, tenant_id, event, url, status, attempts, http_status,
           duration_ms, last_error, history, created_at)
        select :id, id, gen_random_uuid(), :tenant, :text, :text, 'failed', 1, 500, 12, :text,
          json_build_array(json_build_object('attempt', 1, 'at', '2026-01-02T03:04:05.000006Z',
            'duration_ms', 12, 'http_status', 500, 'error', :text, 'response', :text)), now()
        from event
        """
            .formatted(event),
        id,
        payload);
    return id.toString();
  }

  private static void insert(String sql, UUID id, String text) {
    stand
        .shop()
        .database()
        .jdbi()
        .useHandle(handle ->
            handle
                .createUpdate(sql.replace(":text", "cast(:text as text)"))
                .bind("id", id)
                .bind("tenant", stand.shop().tenant())
                .bind("text", text)
                .execute());
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
