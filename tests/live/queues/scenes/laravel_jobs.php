<?php
// What the scene of Laravel and its worker have in common: Debian's php-illuminate-queue on the server of the URL.

// Laravel 8 is older than the PHP that Debian has.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Illuminate/Queue/autoload.php';
require 'Illuminate/Redis/autoload.php';
require 'Illuminate/Events/autoload.php';

class Succeed
{
    public function fire($job, $data)
    {
        $job->delete();
    }
}

class Hang
{
    public function fire($job, $data)
    {
        sleep(600);
    }
}

/** Laravel's queues on a server, with the prefix that its applications have by default. */
function connect(string $url): Illuminate\Queue\Capsule\Manager
{
    $parts = parse_url($url);
    $server = ['host' => $parts['host'], 'port' => $parts['port'], 'database' => 0];
    $options = ['prefix' => 'laravel_database_'];
    $queues = new Illuminate\Queue\Capsule\Manager();
    $container = $queues->getContainer();
    $container->instance('redis', new Illuminate\Redis\RedisManager(
        $container, 'phpredis', ['default' => $server, 'options' => $options]));
    $queues->addConnection(['driver' => 'redis', 'connection' => 'default', 'queue' => 'default', 'retry_after' => 90]);
    return $queues;
}
