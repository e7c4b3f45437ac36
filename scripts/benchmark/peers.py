"""The servers that are compared, and how each is set up.

Each function writes its server's configuration into `setup.folder` and returns the programs to start. A setting that
is not the server's own default has its reason beside it: what its documentation advises for many requests to
few files on a machine with two cores, or what the case needs.
"""

from dataclasses import dataclass, field
from pathlib import Path

import processes

IDLE_SECONDS = 300  # How long an idle connection is kept in the cases that count them.


@dataclass
class Setup:
    """What one start of a server is for."""
    root: Path  # the document root
    folder: Path  # its own, empty, writable
    port: int
    tinyhttpd: Path
    connections: int = 64  # at once, busy
    idle_connections: int = 0
    scripts: bool = False  # whether CGI programs will be run
    access_log: Path | None = None
    options: list[str] = field(default_factory=list)  # further ones for tinyhttpd
    gateway: str = ""  # what answers below /app/ ("fastcgi"), for .php ("php"), below /json/ ("json")
    programs: Path | None = None  # the folder of the programs that are no scripts

    @property
    def pool(self):
        """The Unix socket of the FastCGI processes."""
        return self.folder / "pool"

    def write(self, name, text):
        """Writes a configuration file and returns its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


@dataclass
class Program:
    """One program of a server."""
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


# The FastCGI processes are the same for all servers. Each has one connection at a time, and nginx and h2o keep as many
# as they have requests at once: were there fewer processes, those clients would be served whose connections are kept,
# and nobody else. So one for each of 64 clients, and some for what else is kept.
POOL_PROCESSES = 80
PLACES = {"fastcgi": "/app/", "php": ".php"}
PHP_FPM = """
[global]
error_log = {folder}/php-fpm.log
daemonize = no
[www]
listen = {pool}
pm = static
pm.max_children = {processes}
"""


def start_pool(setup):
    """The programs behind a server that speaks FastCGI. php-fpm is as Debian installs it, but for its pool."""
    if setup.gateway == "fastcgi":
        return [Program([f"{setup.programs}/hello_fastcgi", str(setup.pool), str(POOL_PROCESSES)])]
    if setup.gateway == "php":
        configuration = setup.write("php-fpm.conf", PHP_FPM.format(
            folder=setup.folder, pool=setup.pool, processes=POOL_PROCESSES))
        newest = max(Path("/usr/sbin").glob("php-fpm[0-9]*"), key=lambda path: [*map(int, path.name[7:].split("."))])
        return [Program([str(newest), "--nodaemonize", "--fpm-config", configuration])]
    return []


def tinyhttpd(setup):
    """As it comes: every default, but for the address, the root and the log."""
    command = [str(setup.tinyhttpd), "--port", str(setup.port), "--bind", "127.0.0.1", "--root", str(setup.root),
               "--access-log", str(setup.access_log or "off")]
    if setup.idle_connections:  # The default limit is 10,000, and the default patience 15 s.
        command += ["--max-connections", str(setup.idle_connections + 500), "--keepalive-timeout", str(IDLE_SECONDS)]
    if setup.gateway == "json":
        command += ["--json", f"/json/={setup.programs}/hello_json"]
    elif setup.gateway:
        command += ["--fastcgi", f"{PLACES[setup.gateway]}=unix:{setup.pool}"]
    return [Program(command + setup.options)]


# nginx: nginx.org/en/docs/http/: ngx_http_core_module.html, ngx_http_log_module.html, ngx_http_fastcgi_module.html,
# ngx_http_upstream_module.html.
NGINX = """
# Debian's nginx.conf: worker_processes, sendfile, tcp_nopush, types_hash_max_size and gzip are as installed.
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;
events {{ worker_connections {worker_connections}; }}
http {{
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  gzip on;
  gzip_static on;  # send FILE.gz where there is one: no compression on each request
  access_log {access_log};
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  proxy_temp_path {folder}/proxy;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  {more}
  server {{
    listen 127.0.0.1:{port};
    root {root};
    location /cgi-bin/ {{
      fastcgi_pass unix:{folder}/fcgiwrap;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      client_max_body_size 0;  # the default refuses bodies over 1 MiB
      # Fewer, larger reads of a large answer, and never a detour through a temporary file.
      fastcgi_buffer_size 64k;
      fastcgi_buffers 16 64k;
      fastcgi_max_temp_file_size 0;
      fastcgi_request_buffering off;  # hand a large body on as it comes, without a temporary file
    }}
    {location}
  }}
}}
"""
# "fastcgi_keep_conn should be enabled for keepalive connections to work"; 32 for each of two workers.
NGINX_POOL = """
  upstream pool {{
    server unix:{pool};
    keepalive 32;
  }}
"""
NGINX_LOCATIONS = {"fastcgi": "/app/", "php": "~ \\.php$"}
NGINX_LOCATION = """location {place} {{
      fastcgi_pass pool;
      fastcgi_keep_conn on;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }}
"""


def nginx(setup, more=""):
    """As Debian installs it. Its CGI is fcgiwrap's."""
    log = "off"
    if setup.access_log:  # buffer= is what the log module offers against a write for each line.
        log = f"{setup.access_log} combined buffer=64k flush=1s"
    if setup.idle_connections:
        more += f"keepalive_timeout {IDLE_SECONDS}s;"
    location = ""
    if setup.gateway:
        more += NGINX_POOL.format(pool=setup.pool)
        location = NGINX_LOCATION.format(place=NGINX_LOCATIONS[setup.gateway])
    configuration = setup.write("nginx.conf", NGINX.format(
        folder=setup.folder, root=setup.root, port=setup.port, access_log=log, more=more, location=location,
        worker_connections=setup.idle_connections + 768))  # 768: as installed
    programs = [Program(["nginx", "-p", str(setup.folder), "-c", configuration, "-e", f"{setup.folder}/error.log"])]
    if setup.scripts:  # fcgiwrap(8): -c is the number of processes, each of which runs one script at a time.
        programs.append(Program(["fcgiwrap", "-s", f"unix:{setup.folder}/fcgiwrap", "-c", "16"]))
    return programs


def nginx_cache(setup):
    """With its file cache, and connections that are not closed after 1,000 requests."""
    return nginx(setup, """
  open_file_cache max=20000 inactive=60s;
  open_file_cache_valid 30s;
  open_file_cache_errors on;
  keepalive_requests 1000000;
""")


# lighttpd: wiki.lighttpd.net Docs_Performance: "Prefer lighttpd defaults unless you have a reason to change a setting".
# One process (server.max-worker 0) is the default, and the documentation advises against more.
LIGHTTPD = """
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{root}"
server.errorlog = "{folder}/error.log"
server.upload-dirs = ("{folder}")
server.modules = ("mod_cgi", "mod_deflate"{modules})
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream")
server.max-keep-alive-requests = 1000000  # else a connection is closed after 1,000
server.max-fds = {descriptors}            # it takes half as many connections
server.max-connections = {connections}
server.max-request-size = 0               # no limit to a body
server.stream-response-body = 1           # send a script's output as it comes, not when it is complete
$HTTP["url"] =~ "^/cgi-bin/" {{ cgi.assign = ("" => "") }}
$HTTP["url"] =~ "\\.html$" {{
  deflate.mimetypes = ("text/html")
  deflate.allowed-encodings = ("gzip")
  deflate.cache-dir = "{folder}"          # compress a file once
}}
{more}
"""


def lighttpd(setup):
    modules, more = "", ""
    if setup.access_log:
        modules, more = ', "mod_accesslog"', f'accesslog.filename = "{setup.access_log}"\n'
    if setup.idle_connections:
        more += f"server.max-keep-alive-idle = {IDLE_SECONDS}\n"
    if setup.gateway:  # Docs_ModFastCGI: check-local where there is no file of that name. It keeps no connection.
        modules += ', "mod_fastcgi"'
        more += (f'fastcgi.server = ("{PLACES[setup.gateway]}" => (("socket" => "{setup.pool}", '
                 f'"check-local" => "{"enable" if setup.gateway == "php" else "disable"}")))\n')
    connections = max(1024, setup.idle_connections + 500)
    descriptors = connections * 2 + 100
    if descriptors > processes.descriptor_limit():
        more += "server.max-worker = 2\n"  # Two processes may have as many each.
        descriptors = processes.descriptor_limit()
    configuration = setup.write("lighttpd.conf", LIGHTTPD.format(
        folder=setup.folder, root=setup.root, port=setup.port, modules=modules, more=more,
        connections=connections, descriptors=descriptors))
    return [Program(["lighttpd", "-D", "-f", configuration])]


# h2o: h2o.examp1e.net/configure/: base_directives, file_directives, cgi.html. One thread a core is its default.
H2O = """
listen: {{host: 127.0.0.1, port: {port}}}
pid-file: {folder}/h2o.pid
error-log: {folder}/error.log
temp-buffer-path: {folder}
max-connections: {connections}
{more}
hosts:
  default:
    paths:
      /:
        file.dir: {root}
        file.send-compressed: ON  # send FILE.gz where there is one
        compress: [gzip]          # else compress on each request
        # How its documentation runs CGI: a gateway in Perl that comes with it.
        file.custom-handler:
          extension: .cgi
          fastcgi.spawn: "exec /usr/share/h2o/fastcgi-cgi"
{paths}
"""
# fastcgi_directives: a kept connection is off by default.
H2O_PATHS = {"fastcgi": """
      /app:
        fastcgi.connect: {{port: {pool}, type: unix}}
        fastcgi.timeout.keepalive: 5000
""", "php": """
        file.custom-handler:
          extension: .php
          fastcgi.connect: {{port: {pool}, type: unix}}
          fastcgi.timeout.keepalive: 5000
"""}


def h2o(setup):
    more = f"access-log: {setup.access_log}\n" if setup.access_log else ""
    if setup.idle_connections:
        more += f"http1-request-timeout: {IDLE_SECONDS}\n"
    configuration = setup.write("h2o.conf", H2O.format(
        folder=setup.folder, root=setup.root, port=setup.port, more=more,
        paths=H2O_PATHS[setup.gateway].format(pool=setup.pool) if setup.gateway else "",
        connections=max(1024, setup.idle_connections + 1000)))  # 1024: its default
    return [Program(["h2o", "-c", configuration], {"H2O_ROOT": "/usr"})]


# Apache: httpd.apache.org/docs/2.4/misc/perf-tuning.html and mod/event.html.
APACHE = """
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
Mutex file:{folder}
ScriptSock {folder}/cgid
{modules}
# A process closes kept connections when all its threads are busy, and when it ends because there are too many spare
# threads: so as many threads in each as there are busy connections, and no process ended.
ServerLimit 4
StartServers 2
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {all_threads}
MaxSpareThreads {all_threads}
{more}
Timeout 300
KeepAlive On
# No limit.
MaxKeepAliveRequests 0
# Off by default; advised where the file system is local.
EnableSendfile On
DocumentRoot {root}
TypesConfig /dev/null
AddType text/html .html
<Directory {root}>
  Require all granted
  # No search for .htaccess, no check of each link: perf-tuning advises both.
  AllowOverride None
  Options FollowSymLinks
</Directory>
<Directory {root}/cgi-bin>
  Options +ExecCGI
  SetHandler cgi-script
</Directory>
<Location /page.html>
  SetOutputFilter DEFLATE
</Location>
# A compressed sibling, as mod_deflate's page shows under "Serving pre-compressed content".
RewriteEngine On
RewriteCond %{{HTTP:Accept-Encoding}} gzip
RewriteCond %{{DOCUMENT_ROOT}}/$1.html.gz -s
RewriteRule ^/(.+)\\.html$ /$1.html.gz [QSA]
RewriteRule \\.html\\.gz$ - [T=text/html,E=no-gzip:1]
<FilesMatch "\\.html\\.gz$">
  Header append Content-Encoding gzip
  Header append Vary Accept-Encoding
</FilesMatch>
"""


# mod_proxy_fcgi.html. It keeps no connection unless told to, and with enablereuse=on some answers of the C program
# were errors ("AH01067: Failed to read FastCGI header"), so it is left at its default.
APACHE_POOL = {"fastcgi": """
ProxyPass /app/ unix:{pool}|fcgi://localhost/
""", "php": """
<FilesMatch "\\.php$">
  SetHandler "proxy:unix:{pool}|fcgi://localhost"
</FilesMatch>
"""}


def apache(setup):
    names = ["mpm_event", "authz_core", "mime", "dir", "cgid", "deflate", "filter", "rewrite", "headers"]
    more = ""
    if setup.gateway:
        names += ["proxy", "proxy_fcgi"]
        more += APACHE_POOL[setup.gateway].format(pool=setup.pool)
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in names)
    if setup.access_log:
        # BufferedLogs is what mod_log_config offers against a write for each line.
        more += ('BufferedLogs On\nLogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" '
                 "combined\n")
        more += f"CustomLog {setup.access_log} combined\n"
    if setup.idle_connections:  # event.html: a process takes ThreadsPerChild + AsyncRequestWorkerFactor × idle threads
        more += f"AsyncRequestWorkerFactor {setup.idle_connections}\nKeepAliveTimeout {IDLE_SECONDS}\n"
    threads = max(64, setup.connections)
    configuration = setup.write("apache.conf", APACHE.format(
        folder=setup.folder, root=setup.root, port=setup.port, modules=modules, more=more,
        threads=threads, all_threads=4 * threads))
    return [Program(["apache2", "-DFOREGROUND", "-d", str(setup.folder), "-f", configuration])]


def civetweb(setup):
    """docs/UserManual.md: num_threads is the number of connections it can handle; keep-alive is off by default, and
    wants tcp_nodelay."""
    settings = {
        "document_root": setup.root, "listening_ports": f"127.0.0.1:{setup.port}",
        "num_threads": max(64, setup.connections), "enable_keep_alive": "yes", "tcp_nodelay": 1,
        "keep_alive_timeout_ms": IDLE_SECONDS * 1000 if setup.idle_connections else 15000,
        "cgi_pattern": "**.cgi$", "error_log_file": setup.folder / "error.log"}
    if setup.access_log:
        settings["access_log_file"] = setup.access_log
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    return [Program(["civetweb", setup.write("civetweb.conf", text)])]


def busybox(setup):
    """It has nothing to tune; /cgi-bin/ is where it runs programs."""
    return [Program(["busybox", "httpd", "-f", "-p", f"127.0.0.1:{setup.port}", "-h", str(setup.root)])]


def webfs(setup):
    """webfsd(1): -c is the most connections, 32 unless given; -j saves reading the folders."""
    command = ["webfsd", "-F", "-4", "-j", "-i", "127.0.0.1", "-p", str(setup.port), "-r", str(setup.root),
               "-c", str(setup.connections + 64), "-x", "/cgi-bin/"]
    return [Program(command + (["-l", str(setup.access_log)] if setup.access_log else []))]


def mini_httpd(setup):
    """mini_httpd(8): nothing to tune."""
    command = ["mini_httpd", "-D", "-h", "127.0.0.1", "-p", str(setup.port), "-d", str(setup.root),
               "-c", "cgi-bin/*", "-i", str(setup.folder / "pid")]
    return [Program(command + (["-l", str(setup.access_log)] if setup.access_log else []))]


SERVERS = {
    "tinyhttpd": tinyhttpd, "nginx": nginx, "nginx-cache": nginx_cache, "lighttpd": lighttpd, "h2o": h2o,
    "apache": apache, "civetweb": civetweb, "busybox": busybox, "webfs": webfs, "mini-httpd": mini_httpd,
}

PACKAGES = {
    "nginx": ["nginx", "fcgiwrap"], "nginx-cache": ["nginx"], "lighttpd": ["lighttpd"], "h2o": ["h2o"],
    "apache": ["apache2-bin"], "civetweb": ["civetweb"], "busybox": ["busybox"], "webfs": ["webfs"],
    "mini-httpd": ["mini-httpd"], "FastCGI": ["libfcgi0ldbl", "php-fpm"],
}

NO_KEEP_ALIVE = "closes each connection"
CANNOT = {
    "nginx-cache": {"cgi-c": "as nginx", "cgi-sh": "as nginx", "cgi-output": "as nginx", "cgi-post": "as nginx",
                    "fastcgi-hello": "as nginx", "php-hello": "as nginx"},
    "civetweb": {"idle10k": "needs a thread for each connection", "static1k-idle10k": "as idle10k",
                 "gzip-live": "sends only what is compressed already"},
    "busybox": {"idle10k": NO_KEEP_ALIVE, "static1k-idle10k": NO_KEEP_ALIVE, "access-log": "writes no log to a file",
                "gzip-live": "sends only what is compressed already"},
    "webfs": {"not-modified": "its 304 announces a length, for which wrk waits", "cgi-post": "does not know POST",
              "idle10k": "select(2): fewer than 1,024 connections", "static1k-idle10k": "as idle10k",
              "gzip": "does not compress", "gzip-live": "does not compress"},
    "mini-httpd": {"idle10k": NO_KEEP_ALIVE, "static1k-idle10k": NO_KEEP_ALIVE, "gzip": "does not compress",
                   "gzip-live": "does not compress", "cgi-post": "shuts the connection before its script answers"},
}


# They have a process for each connection.
FORKING = ("busybox", "mini-httpd")


def start(name, setup):
    """Starts all programs of a server. Their last words are in `setup.folder`/output."""
    return [processes.start(program.command, setup.folder, setup.folder / "output", program.environment)
            for program in start_pool(setup) + SERVERS[name](setup)]
