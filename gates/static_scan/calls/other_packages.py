"""Packages of JavaScript whose methods are called like those of a database, and that reach none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.name_words import words_of

_PACKAGES = frozenset(
    """@reduxjs/toolkit @ngrx/store @ngrx/entity @octokit/rest @octokit/core octokit @actions/github gitlab
    @gitbeaker/rest pouchdb pouchdb-browser nano lowdb lowdb/node dexie nedb nedb-promises @seald-io/nedb idb
    localforage @elastic/elasticsearch @opensearch-project/opensearch algoliasearch meilisearch typesense ioredis
    redis memjs node-cache lru-cache quick-lru firebase-admin @google-cloud/firestore @google-cloud/storage
    @google-cloud/datastore googleapis stripe axios got ky superagent supertest three yjs automerge
    @automerge/automerge slate quill prosemirror-state prosemirror-model bullmq bull bee-queue agenda amqplib
    kafkajs neo4j-driver realm couchbase @tanstack/query-core @tanstack/react-query @tanstack/vue-query
    @apollo/client graphql-request urql @trpc/client ts-morph jscodeshift cheerio jsdom @aws-sdk/client-dynamodb
    @aws-sdk/lib-dynamodb dynamoose electron-store conf fs-extra simple-git dockerode discord.js @slack/web-api
    @notionhq/client airtable contentful-management @sanity/client @auth0/auth0-react auth0 twilio shopify-api-node
    @shopify/shopify-api docusign-esign openai @anthropic-ai/sdk @pinecone-database/pinecone @qdrant/js-client-rest
    immutable chromadb weaviate-ts-client fuse.js rxdb lokijs pocketbase appwrite parse aws-sdk convex""".split()
)
# Names of other stores that need no import: databases of a browser, and clients by their usual names.
_OTHERS = frozenset("openDB objectStore indexedDB localStorage sessionStorage localforage".split())
_OTHER_WORDS = frozenset(
    """octokit redis ioredis dexie idb elasticsearch elastic opensearch algolia meilisearch typesense s3 dynamodb dynamo
    ddb firestore memcached kafka""".split()
)
_SQL_WORDS = frozenset(
    """prisma knex sequelize typeorm repository repositories em manager kysely drizzle mysql mariadb pool trx tx sql
    db database model models orm transaction""".split()
)
_FAMILIES = (
    "@octokit/",
    "firebase/",
    "@firebase/",
    "@angular/",
    "@ngrx/",
    "@aws-sdk/",
    "@tanstack/",
    "@azure/",
    "@upstash/",
    "@liveblocks/",
)


def is_other_package(module: str) -> bool:
    """Whether a module is one of those packages."""
    return (module in _PACKAGES or module.startswith(_FAMILIES)) and module != "@aws-sdk/client-rds-data"


def is_of_other_package(chain: Sequence[Link], modules: Mapping[str, str]) -> bool:
    """Whether a chain of calls begins with such a package, by its import or a name that only such a store has."""
    names = [link.name.partition(" ")[0] for link in chain[:-1]]
    if not _OTHERS.isdisjoint(name for link in chain[:-1] for name in link.name.split(" ")):
        return True
    if "storage" in names and "from" in names:  # `supabase.storage.from("avatars").remove(paths)`
        return True
    named = {word for name in names for word in words_of(name)}
    if named & _OTHER_WORDS and not named & _SQL_WORDS:
        return True
    for link in chain[:2]:
        words = link.name.split(" ")[:6]
        loaded = [word for before, word in pairwise(words) if before in ("require", "import")]
        if any(map(is_other_package, (*loaded, *(modules[word] for word in words if word in modules)))):
            return True
    return False
