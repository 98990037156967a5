package io.outboxworker.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import io.outboxworker.Worker;
import io.outboxworker.api.Tokens;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A browser before a worker: with a tenant, its endpoints, and a list of all that a page may never
 * do.
 */
final class Stand implements AutoCloseable {
  private static final double PATIENCE_MILLIS = 15_000;

  private final Browser browser = Browsers.shared();
  private final Shop shop = new Shop();
  private final Workers workers = new Workers(shop);
  private final Endpoints endpoints = new Endpoints();
  private final Worker worker;
  private final Calls api;
  private final String token;
  private final List<String> faults = new CopyOnWriteArrayList<>();
  private final List<BrowserContext> contexts = new ArrayList<>();

  Stand(String... settings) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(List.of("OUTBOX_API_REQUESTS_PER_SECOND", "1000", "OUTBOX_RETRY_DELAYS", "1s"));
    worker = workers.start(all.toArray(String[]::new));
    token = new Tokens(shop.jdbi()).create(shop.tenant(), "browser", null);
    api = new Calls(url(), token);
  }

  Shop shop() {
    return shop;
  }

  Calls api() {
    return api;
  }

  Endpoints endpoints() {
    return endpoints;
  }

  String token() {
    return token;
  }

  String url() {
    return "http://127.0.0.1:" + worker.httpPort() + "/";
  }

  /** Uncaught errors, violations of the policy and opened dialogs of all pages so far. */
  List<String> faults() {
    return faults;
  }

  Page newPage(ColorScheme scheme, int width, int height) {
    return newPage(scheme, width, height, false);
  }

  /**
   * A page of a browser that never was here before.
   *
   * @param withoutPolicy for tools that bring scripts of their own
   */
  Page newPage(ColorScheme scheme, int width, int height, boolean withoutPolicy) {
    BrowserContext context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setViewportSize(width, height)
                .setColorScheme(scheme)
                .setBypassCSP(withoutPolicy)
                .setTimezoneId("Europe/Madrid"));
    contexts.add(context);
    context.setDefaultTimeout(PATIENCE_MILLIS);
    context.exposeBinding(
        "noteFault", (source, arguments) -> faults.add(String.valueOf(arguments[0])));
    context.addInitScript(
        """
        addEventListener('securitypolicyviolation', (e) =>
          noteFault(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`));
        for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
          window[name] = (text) => noteFault(`${name}: ${text}`);
        }
        window.xss = (text) => noteFault(`executed: ${text}`);
        """);
    Page page = context.newPage();
    page.onPageError(error -> faults.add("error: " + error));
    return page;
  }

  Page newPage() {
    return newPage(ColorScheme.LIGHT, 1280, 860);
  }

  /** Signed in as one does: by the form. */
  Page signIn(Page page) {
    page.navigate(url());
    page.getByLabel("API token").fill(token);
    page.locator("form button").click();
    PlaywrightAssertions.assertThat(page.locator(".places")).isAttached();
    return page;
  }

  /** Goes to a place of the console, as if a link had been followed. */
  void go(Page page, String place) {
    page.navigate(url() + "#/" + place);
  }

  /** The same, and waits until everything is there. */
  void open(Page page, String place) {
    go(page, place);
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    PlaywrightAssertions.assertThat(page.locator("main h1")).isVisible();
    PlaywrightAssertions.assertThat(page.locator(".skeleton")).hasCount(0);
  }

  /** Adds a subscription to this path of the endpoints, through the API, and returns its id. */
  String subscribe(String event, String path) {
    Calls.Reply made =
        api.post(
            "/subscriptions",
            "{'url':'%s','event':'%s','secret':'%s'}"
                .formatted(endpoints.url(path), event, Shop.SECRET));
    return made.text("/id");
  }

  @Override
  public void close() {
    contexts.forEach(BrowserContext::close);
    api.close();
    workers.close();
    endpoints.close();
    shop.close();
  }
}
