"""Packages of JavaScript whose methods are called like those of a database, and that reach none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.syntax import Syntax

_PACKAGES = frozenset(
    """@reduxjs/toolkit redux immer zustand jotai mobx mobx-state-tree pinia vuex @ngrx/store @ngrx/entity recoil
    @octokit/rest @octokit/core octokit @actions/github gitlab @gitbeaker/rest pouchdb pouchdb-browser nano lowdb
    lowdb/node dexie nedb nedb-promises @seald-io/nedb idb localforage @elastic/elasticsearch
    @opensearch-project/opensearch algoliasearch meilisearch typesense ioredis redis memjs node-cache keyv lru-cache
    quick-lru cache-manager firebase-admin @google-cloud/firestore @google-cloud/storage @google-cloud/datastore
    googleapis stripe axios got ky superagent supertest lodash underscore ramda rxjs three yjs automerge
    @automerge/automerge slate quill prosemirror-state prosemirror-model bullmq bull bee-queue agenda amqplib
    kafkajs neo4j-driver realm couchbase @tanstack/query-core @tanstack/react-query @tanstack/vue-query swr
    @apollo/client graphql-request urql @trpc/client ts-morph jscodeshift cheerio jsdom @aws-sdk/client-dynamodb
    @aws-sdk/lib-dynamodb dynamoose electron-store conf fs-extra simple-git dockerode discord.js @slack/web-api
    @notionhq/client airtable contentful-management @sanity/client @auth0/auth0-react auth0 twilio shopify-api-node
    @shopify/shopify-api docusign-esign openai @anthropic-ai/sdk @pinecone-database/pinecone @qdrant/js-client-rest
    chromadb weaviate-ts-client fuse.js""".split()
)
_FAMILIES = ("@octokit/", "firebase/", "@firebase/", "@angular/", "@ngrx/", "lodash/", "rxjs/", "@aws-sdk/client-s3")
_STATEMENT = re.compile(
    r"""^import\s{1,8}(?:type\s{1,8})?([^'"]{1,2000}?)\s{0,8}from\s{0,8}['"]([^'"\n]{1,100})['"]""", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def is_other_package(module: str) -> bool:
    """Whether a module is one of those packages."""
    return module in _PACKAGES or module.startswith(_FAMILIES)


def imported_others(syntax: Syntax) -> set[str]:
    """The names that imports of such packages give in a file."""
    found: set[str] = set()
    for part in syntax.parts if not syntax.source.is_python else ():
        if part.kind in syntax.grammar.imports:
            match = _STATEMENT.match(syntax.source.text[part.start : part.end][:2_200])
            if match is not None and is_other_package(match[2]):
                found |= {*_NAME.findall(match[1])} - {"as", "type"}
    return found


def is_of_other_package(chain: Sequence[Link], names: set[str]) -> bool:
    """Whether a chain of calls begins with such a package."""
    words = [word for link in chain[:2] for word in link.name.split(" ")[:6]]
    return any(word in names or is_other_package(word) for word in words)
