// A node:http listener. The same file runs embedded (/node) and in a daemon group (/node-daemon).
export default function handle(request, response) {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(`<!doctype html>
<html lang="en">
  <head>
    <title>A Node application</title>
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <main>
      <h1>Node ${process.version}</h1>
      <p>Process ${process.pid} answered ${escape(request.method)} ${escape(request.originalUrl ?? request.url)}.</p>
      <p><a href="/">Back</a></p>
    </main>
  </body>
</html>
`);
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
