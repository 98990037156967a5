-- Finds the subscriptions that have been failing, few among many.
create index subscription_failing on webhooks.subscription (failing_since) where failing_since is not null;
