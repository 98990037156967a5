package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class SubscriptionPagesTest {
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
  void one_is_added_with_faults_told_while_typing_and_its_secret_shown_once() {
    stand.go(page, "subscriptions");
    page.getByText("Add a subscription").first().click();
    page.locator("#url").fill("ftp://example.com");
    page.locator("#url").blur();
    assertThat(page.locator("#url-fault")).containsText("This is not an address");
    page.locator("#url").fill(stand.endpoints().url("/added"));
    assertThat(page.locator("#url-fault")).hasText("");
    page.locator("#event").fill("invoice.");
    page.locator("#event").blur();
    assertThat(page.locator("#event-fault")).containsText("a group like invoice.*");
    page.locator("#event").fill("invoice.*");
    page.locator("#description").fill("Billing");
    page.getByText("More settings").click();
    page.locator("#retry_delays").fill("5 s");
    page.locator("#retry_delays").blur();
    assertThat(page.locator("#retry_delays-fault")).containsText("“5 s” is not a time");
    page.locator("#retry_delays").fill("1s, 2m");
    page.getByText("Add a header").click();
    page.getByLabel("Name of header 1").fill("X-Team");
    page.getByLabel("Value of header 1").fill("billing");
    page.locator("form button.first").click();
    assertThat(page.locator("h1")).hasText("Billing");
    String secret = page.locator(".secret code").textContent();
    assertThat(secret).matches("whsec_[A-Za-z0-9+/=]{32,}");
    assertThat(page.locator(".facts")).containsText("1s, 2m");
    assertThat(page.locator(".facts")).containsText("X-Team: billing");
    page.reload();
    assertThat(page.locator("h1")).hasText("Billing");
    assertThat(page.locator(".secret")).hasCount(0);
    assertThat(page.content()).doesNotContain(secret);
  }

  @Test
  void what_only_the_api_can_know_is_told_at_its_field() {
    stand.go(page, "subscriptions/new");
    page.locator("#url").fill("https://10.0.0.1/hooks");
    page.locator("#event").fill("*");
    page.locator("form button.first").click();
    assertThat(page.locator("#url-fault")).containsText("not allowed");
    assertThat(page.locator("#url")).isFocused();
  }

  @Test
  void a_test_send_shows_the_answer_and_what_it_means() {
    stand.endpoints().answer("/tested", new Answer(500, "<h1>boom</h1>"));
    String id = stand.subscribe("order.*", "/tested");
    stand.go(page, "subscriptions/" + id);
    page.getByText("Send a test event").click();
    assertThat(page.locator("test-send .chip")).hasText("The endpoint failed");
    assertThat(page.locator("test-send pre")).hasText("<h1>boom</h1>");
    stand.endpoints().answer("/tested", new Answer(200, "thanks"));
    page.getByText("Send a test event").click();
    assertThat(page.locator("test-send .chip")).hasText("It works");
    assertThat(stand.endpoints().arrivals("/tested")).hasSize(2);
  }

  @Test
  void pausing_and_resuming_reach_the_database() {
    String id = stand.subscribe("customer.*", "/switched");
    stand.go(page, "subscriptions/" + id);
    page.getByText("Pause", new Page.GetByTextOptions().setExact(true)).click();
    assertThat(page.locator("main .chip").first()).hasText("Paused");
    assertThat(active(id)).isEqualTo("f");
    page.getByText("Resume", new Page.GetByTextOptions().setExact(true)).click();
    assertThat(page.locator("main .chip").first()).hasText("Active");
    assertThat(active(id)).isEqualTo("t");
  }

  @Test
  void a_rotation_shows_the_new_secret_and_the_overlap_in_which_both_sign() {
    String id = stand.subscribe("stock.*", "/rotated");
    stand.go(page, "subscriptions/" + id);
    page.getByText("Rotate…").click();
    page.locator("#overlap").selectOption("1h");
    page.locator("dialog button.first").click();
    assertThat(page.locator(".secret code")).containsText("whsec_");
    assertThat(page.locator("main")).containsText("Two secrets are valid.");
    stand.shop().publish("stock.low", "{}");
    await().until(() -> !stand.endpoints().arrivals("/rotated").isEmpty());
    assertThat(stand.endpoints().arrivals("/rotated").getFirst().headers())
        .containsKey("x-signature-previous");
    // Many later changes must not hide it.
    stand
        .shop()
        .database()
        .exec(
            """
            insert into webhooks.audit_log (tenant_id, actor, action)
            select '%s', 'psql', 'replay.started' from generate_series(1, 250)
            """
                .formatted(stand.shop().tenant()));
    page.reload();
    assertThat(page.locator("main")).containsText("Two secrets are valid.");
  }

  @Test
  void editing_changes_what_was_changed_and_takes_a_setting_back() {
    String id = stand.subscribe("edit.*", "/edited");
    stand.go(page, "subscriptions/" + id + "/edit");
    page.locator("#description").fill("Edited");
    page.getByText("More settings").click();
    page.locator("#timeout").fill("7s");
    page.locator("form button.first").click();
    assertThat(page.locator("h1")).hasText("Edited");
    assertThat(stand.api().get("/subscriptions/" + id).text("/timeout")).isEqualTo("7s");
    stand.go(page, "subscriptions/" + id + "/edit");
    assertThat(page.locator("#timeout")).hasValue("7s");
    page.locator("#timeout").fill("");
    page.locator("form button.first").click();
    assertThat(page.locator("h1")).hasText("Edited");
    assertThat(stand.api().get("/subscriptions/" + id).body().get("timeout").isNull()).isTrue();
  }

  @Test
  void deleting_says_what_it_does_before_it_does_it() {
    String id = stand.subscribe("gone.*", "/deleted");
    stand.go(page, "subscriptions/" + id);
    page.getByText("Delete…").click();
    assertThat(page.locator("dialog")).containsText("It can’t be undone");
    page.getByText("Cancel").click();
    assertThat(stand.api().get("/subscriptions/" + id).status()).isEqualTo(200);
    page.getByText("Delete…").click();
    page.locator("dialog button.first").click();
    assertThat(page.locator("h1")).hasText("Subscriptions");
    assertThat(stand.api().get("/subscriptions/" + id).status()).isEqualTo(404);
  }

  private static String active(String id) {
    return String.valueOf(
            stand
                .shop()
                .row("select active::text from subscription where id = '" + id + "'")
                .getFirst())
        .substring(0, 1);
  }
}
