package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import io.outboxworker.api.Tokens;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class SigningInTest {
  private static Stand stand;

  @BeforeAll
  static void start() {
    stand = new Stand();
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void a_wrong_token_is_refused_and_a_right_one_opens_the_console() {
    Page page = stand.newPage();
    page.navigate(stand.url());
    page.getByLabel("API token").fill("whk_wrong");
    page.locator("form button").click();
    assertThat(page.locator(".fault")).containsText("This token is not valid");
    stand.signIn(page);
    assertThat(page.locator("h1")).hasText("Overview");
    assertThat(stand.faults()).isEmpty();
  }

  @Test
  void the_token_is_in_no_address_no_cookie_and_no_lasting_storage() {
    Page page = stand.newPage();
    List<String> addresses = new CopyOnWriteArrayList<>();
    page.onRequest(request -> addresses.add(request.url()));
    stand.signIn(page);
    for (String place : List.of("deliveries", "subscriptions", "replays", "event-types", "audit")) {
      stand.go(page, place);
      assertThat(page.locator("main h1")).isVisible();
    }
    assertThat(addresses).hasSizeGreaterThan(30).noneMatch(a -> a.contains(stand.token()));
    assertThat(addresses).allMatch(address -> address.startsWith(stand.url()));
    assertThat(page.context().cookies()).isEmpty();
    assertThat(page.evaluate("JSON.stringify(localStorage)").toString())
        .doesNotContain(stand.token());
    assertThat(page.url()).doesNotContain(stand.token());
  }

  @Test
  void signing_out_forgets_the_token_and_a_reload_does_not() {
    Page page = stand.signIn(stand.newPage());
    page.reload();
    assertThat(page.locator("h1")).hasText("Overview");
    page.getByText("Sign out").click();
    assertThat(page.getByLabel("API token")).isVisible();
    page.reload();
    assertThat(page.getByLabel("API token")).isVisible();
    assertThat(page.evaluate("sessionStorage.length")).isEqualTo(0);
  }

  @Test
  void a_token_that_is_revoked_meanwhile_leads_back_to_the_sign_in() {
    Page page = stand.newPage();
    Tokens tokens = new Tokens(stand.shop().jdbi());
    String token = tokens.create(stand.shop().tenant(), "to be revoked", null);
    page.navigate(stand.url());
    page.getByLabel("API token").fill(token);
    page.locator("form button").click();
    assertThat(page.locator("h1")).hasText("Overview");
    tokens.list(stand.shop().tenant()).stream()
        .filter(known -> "to be revoked".equals(known.name()))
        .forEach(known -> tokens.revoke(known.id()));
    assertThat(page.locator(".sign-in .notice")).containsText("Your session has ended");
  }
}
