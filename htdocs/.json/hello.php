<?php
// Answers a request that comes as a JSON event on standard input, with JSON on standard output.
// By hand: echo '{"rawPath": "/", "queryStringParameters": {"name": "Ada"}}' | php hello.php
declare(strict_types=1);

// A warning among the JSON would spoil it: it goes to standard error, which is the server's log.
ini_set('display_errors', 'stderr');

// The body as text. It is absent from most requests, and in base64 when it is no UTF-8.
function text_of_body(array $event): string
{
    $body = $event['body'] ?? '';
    if ($event['isBase64Encoded'] ?? false) {
        return '(' . strlen(base64_decode($body)) . ' bytes that are no text)';
    }
    return $body;
}

// What the page shows. A member without content may be absent: ?? asks without insisting.
function describe(array $event): array
{
    $context = $event['requestContext'] ?? [];
    return [
        'who' => $context['authorizer']['basic']['user'] ?? $context['http']['sourceIp'] ?? 'somebody',
        'method' => $context['http']['method'] ?? 'GET',
        'path' => $event['rawPath'] ?? '/',
        'parameters' => $event['queryStringParameters'] ?? [],
        'body' => text_of_body($event),
    ];
}

// The same as HTML. What a client sent is escaped, or it could bring a script of its own.
function page_of(array $request): string
{
    $items = '';
    foreach ($request['parameters'] as $name => $value) {
        // PHP makes a number of a name like "7".
        $items .= '<li>' . htmlspecialchars((string) $name) . ' is “' . htmlspecialchars($value) . '”</li>';
    }
    $items = $items ?: '<li>No parameters.</li>';
    ['who' => $who, 'method' => $method, 'path' => $path, 'body' => $body] =
        array_map('htmlspecialchars', array_diff_key($request, ['parameters' => 0]));
    $body = $body === '' ? 'none.' : $body;
    return <<<HTML
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>Hello from PHP</title>
        <link rel="stylesheet" href="/style.css">
        <body class="answer">
        <main>
        <h1>Hello, $who!</h1>
        <p>You sent $method $path.</p>
        <ul>$items</ul>
        <p>The body: $body</p>
        </main>
        </body>
        </html>

        HTML;
}

function answer(array $event): array
{
    $request = describe($event);
    switch ($request['parameters']['format'] ?? 'html') {
        case 'json':
            // A value without statusCode is itself the body: 200, application/json. An empty array would
            // become a list.
            return ['parameters' => (object) $request['parameters']] + $request;
        case 'html':
            $headers = ['Content-Type' => 'text/html; charset=utf-8'];
            return ['statusCode' => 200, 'headers' => $headers, 'body' => page_of($request)];
        default:
            $headers = ['Content-Type' => 'text/plain; charset=utf-8'];
            return ['statusCode' => 400, 'headers' => $headers, 'body' => "format is html or json.\n"];
    }
}

$event = json_decode(stream_get_contents(STDIN), true, flags: JSON_THROW_ON_ERROR);
echo json_encode(answer($event), JSON_THROW_ON_ERROR);
