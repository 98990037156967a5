-- Who wants which events, and who may say so.

-- Secrets are sealed with a key of OUTBOX_KEYS. Of a key pair (ed25519) the private key is the sealed secret, the public one
-- is for everybody. That a subscription is about to be disabled is told once, a day before (failing_told_at).
create table webhooks.subscription (
  id               uuid        not null default webhooks.uuid_v7(),
  tenant_id        uuid        not null,
  url              text        not null,
  event            text        not null collate "C",
  active           boolean     not null default true,
  description      text,
  headers          json        not null default '{}',
  retry_delays_ms  bigint[],
  timeout_ms       int,
  max_in_flight    int,
  max_per_second   int,
  ordered          boolean     not null default false,
  signature        text        not null default 'hmac-sha256',
  secret           bytea,
  previous_secret  bytea,
  previous_secret_until timestamptz,
  failing_since    timestamptz,
  inactive_since   timestamptz,
  disabled_reason  text,
  disabled_at      timestamptz,
  deleted_at       timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  failing_told_at  timestamptz,
  public_key       bytea,
  previous_public_key bytea,
  verified_at      timestamptz,
  constraint subscription_pkey primary key (id),
  constraint url_must_have_at_most_2048_characters check (length(url) <= 2048),
  constraint event_must_be_a_name_or_a_group_like_invoice_star_or_star
    check (event = '*' or (length(event) <= 102 and event ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.([A-Za-z0-9_-]+|\*)$')),
  constraint headers_must_be_a_json_object check (json_typeof(headers) = 'object'),
  constraint retry_delays_ms_must_be_1_to_2592000000 check (1 <= all (retry_delays_ms)
    and 2592000000 >= all (retry_delays_ms) and array_position(retry_delays_ms, null) is null),
  constraint timeout_ms_must_be_1_to_30000 check (timeout_ms between 1 and 30000),
  constraint max_in_flight_must_be_1_to_1000 check (max_in_flight between 1 and 1000),
  constraint max_per_second_must_be_1_to_100000 check (max_per_second between 1 and 100000),
  constraint signature_must_be_hmac_sha256_or_ed25519 check (signature in ('hmac-sha256', 'ed25519')),
  constraint public_keys_must_have_32_bytes
    check (octet_length(public_key) = 32 and octet_length(previous_public_key) = 32),
  constraint a_deleted_subscription_must_be_inactive check (deleted_at is null or not active)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 100
);
create index subscription_match on webhooks.subscription (tenant_id, event) where active;
create index subscription_tenant on webhooks.subscription (tenant_id, id) where deleted_at is null;
create index subscription_public_keys on webhooks.subscription (tenant_id) where public_key is not null;
-- Those that have been failing are few among many.
create index subscription_failing on webhooks.subscription (failing_since) where failing_since is not null;
create index subscription_inactive on webhooks.subscription (inactive_since) where not active;

-- Set by a trigger, so that a row that somebody switches off by hand is seen as well.
create function webhooks.note_inactive_since() returns trigger
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      new.inactive_since := case when not new.active then clock_timestamp() end;
      return new;
    end
  $$;
create trigger subscription_inactive_since before update of active on webhooks.subscription
  for each row when (old.active is distinct from new.active) execute function webhooks.note_inactive_since();

-- An endpoint that proved that it wants webhooks proved it for its own URL alone, whoever changes it.
create function webhooks.forget_verification() returns trigger
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      new.verified_at := null;
      return new;
    end
  $$;
create trigger subscription_forget_verification before update of url on webhooks.subscription
  for each row when (old.url is distinct from new.url) execute function webhooks.forget_verification();

create table webhooks.api_token (
  id           uuid        not null default webhooks.uuid_v7(),
  tenant_id    uuid        not null,
  name         text,
  hash         bytea       not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  constraint api_token_pkey primary key (id),
  constraint api_token_hash_unique unique (hash),
  constraint hash_must_be_a_sha_256 check (octet_length(hash) = 32)
);
create index api_token_tenant on webhooks.api_token (tenant_id, id);

create table webhooks.idempotency_key (
  tenant_id  uuid        not null,
  key        text        not null,
  body_hash  bytea       not null,
  event_id   uuid        not null,
  created_at timestamptz not null default now(),
  constraint idempotency_key_pkey primary key (tenant_id, key)
);
create index idempotency_key_created_at on webhooks.idempotency_key (created_at);

create table webhooks.replay (
  id              uuid        not null default webhooks.uuid_v7(),
  tenant_id       uuid        not null,
  subscription_id uuid,
  since           timestamptz not null,
  until           timestamptz not null,
  status          text        not null,
  event           text        collate "C",
  again           boolean     not null default false,
  total           bigint      not null,
  replayed        bigint      not null default 0,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  constraint replay_pkey primary key (id),
  constraint status_must_be_failed_delivered_all_or_missed check (status in ('failed', 'delivered', 'all', 'missed'))
);
create index replay_tenant on webhooks.replay (tenant_id, id);
create index replay_unfinished on webhooks.replay (id) where finished_at is null;

-- A replay is worked off subscription by subscription, each at its own pace: one that hangs holds up no other. A part
-- that is done is deleted.
create table webhooks.replay_part (
  replay_id       uuid        not null,
  subscription_id uuid        not null,
  last_id         uuid        not null default '00000000-0000-0000-0000-000000000000',
  next_at         timestamptz not null default now(),
  constraint replay_part_pkey primary key (replay_id, subscription_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index replay_part_next_at on webhooks.replay_part (next_at);

-- The events that a replay of missed ones sends, found once when it begins: without an index on the log's event_id, which
-- each delivery would pay for. An event is in one replay of a subscription at most.
create table webhooks.replay_missed (
  subscription_id uuid not null,
  event_id        uuid not null,
  replay_id       uuid not null,
  constraint replay_missed_pkey primary key (subscription_id, event_id)
);
