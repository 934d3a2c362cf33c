<?php
// Jobs of Laravel in every state. Usage: php laravel_scene.php REDIS_URL
require __DIR__ . '/laravel_jobs.php';

/** Tell what has been reached as one line of JSON, and wait to be told to go on. */
function report(array $facts): void
{
    echo json_encode($facts), "\n";
    fgets(STDIN);
}

function until(callable $condition, string $what): void
{
    $deadline = microtime(true) + 20;
    while (!$condition()) {
        if (microtime(true) > $deadline) {
            throw new RuntimeException("not within 20 s: $what");
        }
        usleep(20000);
    }
}

$queue = connect($argv[1])->getConnection();
$redis = $queue->getConnection();
foreach (['done', 'mail', 'mail', 'mail', 'a:b'] as $name) {
    $queue->push('Succeed', [], $name);
}
$queue->later(3600, 'Succeed', [], 'mail');
$queue->pop('done')->fire();
$queue->push('Hang', [], 'slow');
$queue->push('Hang', [], 'slow');
$nothing = ['file', '/dev/null', 'r'];
$worker = proc_open(['php', __DIR__ . '/laravel_worker.php', $argv[1], 'slow'], [$nothing, STDERR, STDERR], $pipes);
until(fn () => $redis->zcard('queues:slow:reserved') === 1, 'the job runs');

function facts($queue, $redis): array
{
    $jobs = [];
    foreach (['mail', 'slow', 'a:b'] as $name) {
        $jobs["laravel_database_$name"] = [
            'waiting' => $redis->llen("queues:$name"),
            'delayed' => $redis->zcard("queues:$name:delayed"),
            'active' => $redis->zcard("queues:$name:reserved"),
        ];
        if (array_sum($jobs["laravel_database_$name"]) !== $queue->size($name)) {
            throw new RuntimeException("Laravel counts {$queue->size($name)} jobs in $name");
        }
    }
    $overdue = ['laravel_database_mail' => 0];
    return ['framework' => 'laravel', 'jobs' => $jobs, 'overdue' => $overdue];
}

report([
    'step' => 'filled', ...facts($queue, $redis), 'orphaned' => ['laravel_database_slow' => 0],
    'pid' => proc_get_status($worker)['pid'],
]);
until(fn () => !proc_get_status($worker)['running'], 'the worker is killed');
// After `retry_after`, any worker would take it up again.
report(['step' => 'killed', ...facts($queue, $redis), 'orphaned' => ['laravel_database_slow' => 1], 'later' => 100]);
