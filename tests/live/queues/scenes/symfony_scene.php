<?php
// Messages of Symfony Messenger in every state. Usage: php symfony_scene.php REDIS_URL
require '/usr/share/php/Symfony/Component/Messenger/Bridge/Redis/autoload.php';

use Symfony\Component\Messenger\Bridge\Redis\Transport\Connection;

/** Tell what has been reached as one line of JSON, and wait to be told to go on. */
function report(array $facts): void
{
    echo json_encode($facts), "\n";
    fgets(STDIN);
}

function transport(string $stream): Connection
{
    global $argv;
    $transport = Connection::fromDsn("$argv[1]/$stream/symfony/one", ['delete_after_ack' => true]);
    $transport->setup();
    return $transport;
}

$mail = transport('messages');
$empty = transport('idle');
foreach ([$mail, $empty] as $transport) {
    $transport->add('{"title":"done"}', ['type' => 'App\\Mail']);
    $transport->ack($transport->get()['id']);
}
$mail->add('{"title":"held"}', ['type' => 'App\\Mail']);
$mail->get();
$mail->add('{"title":"waits"}', ['type' => 'App\\Mail']);
$mail->add('{"title":"waits"}', ['type' => 'App\\Mail']);
$mail->add('{"title":"later"}', ['type' => 'App\\Mail'], 3600000);
$facts = [
    'framework' => 'symfony',
    'jobs' => [
        'messages' => ['waiting' => 2, 'active' => 1, 'delayed' => 1],
        'idle' => ['waiting' => 0, 'active' => 0, 'delayed' => 0],
    ],
    'added' => ['messages' => 4, 'idle' => 1],
    'overdue' => ['messages' => 0],
];
report(['step' => 'filled'] + $facts);
report(['step' => 'late', 'later' => 7200, 'overdue' => ['messages' => 1]] + $facts);
