package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Signer;
import io.outboxworker.webhook.SigningSecret;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of tenants, as their owners see and change them. Another tenant's id is as good
 * as none. Each method is a transaction of its own. Thread-safe.
 */
public final class Subscriptions {
  /**
   * What was stored, with its secret in clear, which is shown to the owner once at most.
   *
   * @param generated whether it was made here for the owner to know; never so for a key pair
   */
  public record Secret(Subscription subscription, Signer secret, boolean generated) {}

  private final Jdbi jdbi;
  private final KeyRing keys;
  private final EndpointGuard guard;
  private final SecretRotation rotation;
  private final SubscriptionRow row;

  public Subscriptions(Jdbi jdbi, KeyRing keys, EndpointGuard guard) {
    this.jdbi = jdbi;
    this.keys = keys;
    this.guard = guard;
    this.rotation = new SecretRotation(keys);
    this.row = new SubscriptionRow(keys);
  }

  /** Everything that {@link #add} would refuse, and nothing is stored. */
  public List<Fault> faults(NewSubscription wanted) {
    return wanted.faults(guard);
  }

  /** Everything that {@link #change} from one to the other would refuse. */
  public List<Fault> faults(SubscriptionSettings before, SubscriptionSettings after) {
    return after.faults(guard, before);
  }

  /**
   * Stores a new subscription, active from its commit unless it is to be paused.
   *
   * @throws InvalidSubscription with every fault, and nothing is stored
   */
  public Secret add(NewSubscription wanted) {
    refuse(wanted.faults(guard));
    String signature = wanted.settings().signature();
    Signer secret = NewSubscription.signer(wanted.secret(), signature);
    return jdbi.inTransaction(handle -> {
      UUID id = handle.createQuery("select uuid_v7()").mapTo(UUID.class).one();
      Update insert =
          handle
              .createUpdate(
                  """
                  insert into subscription (id, tenant_id, url, event, active, description, headers, retry_delays_ms,
                    timeout_ms, max_in_flight, max_per_second, ordered, signature, secret, public_key)
                  values (:id, :tenant, :url, :event, :active, :description, :headers::json, :retry_delays_ms,
                    :timeout_ms, :max_in_flight, :max_per_second, :ordered, :signature, :secret, :public_key)
                  """)
              .bind("id", id)
              .bind("tenant", wanted.tenantId())
              .bind("signature", signature)
              .bind("public_key", NewSubscription.publicKey(secret))
              .bind("secret", keys.seal(wanted.tenantId(), id, secret.text()));
      SubscriptionRow.bind(insert, wanted.settings()).execute();
      Subscription stored = find(handle, wanted.tenantId(), id).orElseThrow();
      return new Secret(stored, secret, wanted.secret() == null && secret instanceof SigningSecret);
    });
  }

  /**
   * Changes its settings; making it active ends a disablement too. Empty where the tenant has no
   * such subscription.
   *
   * @param change is asked again where somebody else changed it meanwhile
   * @throws InvalidSubscription with every fault, and nothing is changed
   */
  public Optional<Subscription> change(
      UUID tenantId, UUID id, UnaryOperator<SubscriptionSettings> change) {
    while (true) {
      Optional<Subscription> found = find(tenantId, id);
      if (found.isEmpty()) {
        return found;
      }
      var before = SubscriptionSettings.of(found.get());
      var after = change.apply(before);
      if (after.equals(before)) {
        return found;
      }
      refuse(after.faults(guard, before));
      if (store(found.get(), after)) {
        return find(tenantId, id);
      }
    }
  }

  /** Stops or resumes it; resuming ends a disablement too. False where the tenant has no such. */
  public boolean setActive(UUID tenantId, UUID id, boolean active) {
    return change(tenantId, id, settings -> settings.activated(active)).isPresent();
  }

  private boolean store(Subscription before, SubscriptionSettings after) {
    return 1
        == (int)
            jdbi.withHandle(handle -> {
              Update update =
                  handle
                      .createUpdate(
                          """
                          update subscription set url = :url, event = :event, description = :description,
                            headers = :headers::json, retry_delays_ms = :retry_delays_ms, timeout_ms = :timeout_ms,
                            max_in_flight = :max_in_flight, max_per_second = :max_per_second, ordered = :ordered,
                            active = :active, updated_at = now(),
                            failing_since = case when :active and not active then null else failing_since end,
                            disabled_reason = case when :active then null else disabled_reason end,
                            disabled_at = case when :active then null else disabled_at end
                          where id = :id and tenant_id = :tenant and deleted_at is null and updated_at = :seen
                          """)
                      .bind("id", before.id())
                      .bind("tenant", before.tenantId())
                      .bind("seen", before.updatedAt());
              return SubscriptionRow.bind(update, after).execute();
            });
  }

  /** The tenant's subscription with this id, unless it was deleted. */
  public Optional<Subscription> find(UUID tenantId, UUID id) {
    return jdbi.withHandle(handle -> find(handle, tenantId, id));
  }

  /** All of the tenant's subscriptions that are not deleted, newest first. */
  public List<Subscription> list(UUID tenantId) {
    return page(tenantId, null, null, null, Integer.MAX_VALUE);
  }

  /**
   * Up to {@code limit} of the tenant's subscriptions that are not deleted, newest first.
   *
   * @param event only those of exactly this name, group or {@code *}; null for any
   * @param active only those that are, or are not; null for any
   * @param before only those that are older than the one with this id; null for the newest
   */
  public List<Subscription> page(
      UUID tenantId,
      @Nullable String event,
      @Nullable Boolean active,
      @Nullable UUID before,
      int limit) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select %s from subscription s
                where s.tenant_id = :tenant and s.deleted_at is null
                  and (:event::text is null or s.event = :event)
                  and (:active::boolean is null or s.active = :active)
                  and (:before::uuid is null or s.id < :before)
                order by s.id desc limit :limit
                """
                    .formatted(SubscriptionRow.COLUMNS))
            .bind("tenant", tenantId)
            .bind("event", event)
            .bind("active", active)
            .bind("before", before)
            .bind("limit", limit)
            .map(row)
            .list());
  }

  /** Deletes it and wipes its secrets; its row stays for the logs. False where there is none. */
  public boolean remove(UUID tenantId, UUID id) {
    return 1
        == jdbi.withHandle(handle ->
            handle
                .createUpdate(
                    """
                    update subscription set active = false, deleted_at = now(), updated_at = now(),
                      secret = null, previous_secret = null, previous_secret_until = null, public_key = null,
                      previous_public_key = null
                    where id = :id and tenant_id = :tenant and deleted_at is null
                    """)
                .bind("id", id)
                .bind("tenant", tenantId)
                .execute());
  }

  /**
   * Gives it a new secret; the old one signs as well for {@code overlap}. Empty where the tenant
   * has no such subscription.
   *
   * @param wanted null asks for a generated secret
   * @throws InvalidSubscription where the wanted secret cannot be used
   */
  public Optional<Secret> rotateSecret(
      UUID tenantId, UUID id, @Nullable String wanted, Duration overlap) {
    refuse(NewSubscription.secretFaults(wanted));
    return jdbi.inTransaction(handle -> {
      Subscription before = find(handle, tenantId, id).orElse(null);
      if (before == null) {
        return Optional.<Secret>empty();
      }
      Signer secret = NewSubscription.signer(wanted, before.signature());
      if (wanted != null && !(secret instanceof SigningSecret)) {
        throw new InvalidSubscription(List.of(NewSubscription.NO_SECRET_WITH_KEYS));
      }
      rotation.store(handle, before, secret, overlap);
      return find(handle, tenantId, id)
          .map(stored ->
              new Secret(stored, secret, wanted == null && secret instanceof SigningSecret));
    });
  }

  private static void refuse(List<Fault> faults) {
    if (!faults.isEmpty()) {
      throw new InvalidSubscription(faults);
    }
  }

  private Optional<Subscription> find(Handle handle, UUID tenantId, UUID id) {
    return handle
        .createQuery(
            """
            select %s from subscription s
            where s.id = :id and s.tenant_id = :tenant and s.deleted_at is null
            """
                .formatted(SubscriptionRow.COLUMNS))
        .bind("id", id)
        .bind("tenant", tenantId)
        .map(row)
        .findOne();
  }
}
