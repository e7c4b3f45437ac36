<?php
// Greets the visitor and counts the visits in a cookie, for which the browser keeps the number.
// By hand: php hello.php
declare(strict_types=1);

// Whatever a client may have sent becomes text of the page, never a part of its HTML. A field that was sent as
// name[] is an array, and no text.
function text_of(array $fields, string $name, string $otherwise): string
{
    $value = $fields[$name] ?? '';
    return htmlspecialchars(is_string($value) && $value !== '' ? $value : $otherwise);
}

$visits = min(max((int) text_of($_COOKIE, 'visits', '0'), 0), 999) + 1;
setcookie('visits', (string) $visits, ['samesite' => 'Lax', 'httponly' => true]);
header('Content-Type: text/html; charset=utf-8');
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hello from PHP</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>Hello, <?= text_of($_POST, 'name', 'visitor') ?></h1>
<p>Visits of yours so far: <?= $visits ?>.</p>
<table>
<?php foreach (['REQUEST_METHOD', 'PATH_INFO', 'REMOTE_USER'] as $name): ?>
<tr><th scope="row"><?= $name ?></th><td><?= text_of($_SERVER, $name, 'not set') ?></td></tr>
<?php endforeach ?>
<tr><th scope="row">The process</th><td><?= getmypid() ?></td></tr>
</table>
<p class="quiet">A few processes answer again and again: they live on between requests.</p>
</main>
</body>
</html>
