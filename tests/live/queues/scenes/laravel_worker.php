<?php
// Takes jobs up as `artisan queue:work` does. Usage: php laravel_worker.php REDIS_URL QUEUE
require __DIR__ . '/laravel_jobs.php';

while (true) {
    $job = connect($argv[1])->getConnection()->pop($argv[2]);
    if ($job !== null) {
        $job->fire();
    }
    usleep(20000);
}
