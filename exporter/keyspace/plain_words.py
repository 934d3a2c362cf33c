"""Words of names that tell what keys are for, and nothing about anybody.

The list is closed: what is not in it is not shown where names are to be hidden, as nothing about a text alone
tells `anna` from `cart`. Words that are given or common family names as well are left out (`max`, `mark`,
`grant`, `page`, `rose`, `bill`), and so are words that say something about a person (`diagnosis`).
"""

from typing import Final

_TEXT: Final = """
    access account accounts ack action actions active activities activity ad address addresses admin agg
    aggregate alert alerts all allow analytics answer answers api app application applications appointment
    appointments apps archive archived article articles asset assets async attack attempt attempts
    attribute attributes audit auth authentication authorization auto availability avatar avatars backend
    backup badge badges balance balances banners bans basket baskets batch batches beat blacklist blob
    blobs blocked blocklist blog blogs board boards body bot bots bucket buckets budget buffer build
    builds bullmq burst business buy cache cached caches calendar callback calls campaign campaigns
    capacity captcha cards cart carts catalog catalogue categories category celery channel channels chat
    chats check checkout checkpoint checkpoints checks chunk chunks circuit class classes cleanup click
    clicks client clients cluster code codes collection collections command commands comment comments
    commit common community companies company completed component conf config configs configuration
    confirm connection connections console consumer consumers contact contacts container content contents
    context contrib control controller conversation conversations conversion cookie cookies copy core
    count counter counters counts coupon coupons course courses cpu crawl crawler create created
    credential credentials credit credits cron csrf currency current cursor custom customer customers
    daily dashboard data database databases dataset date dates days db dead debug decorators dedup default
    delayed delivery deny deploy deployment description detail details device devices digest directory
    disable disabled discount discounts disk distributed django dns doc docs document documents domain
    domains done download downloads draft drafts drivers edges edit element elements email emails enable
    enabled end endpoint endpoints engine entities entity entries entry env environment error errors etag
    event events exchange expirations expire expired expires expiry export exports external fail failed
    failure failures fallback false favorite favorites feature features feed feeds fetch file files filter
    filters flag flags flash flow flows fn folder folders follow follower followers following for form
    format forms forum forums fraud friends from frontend function functions game games gateway gauge
    generate geo geohash get global goal goals graph graphql group groups guests guid handler hash hashes
    header headers health heartbeat heartbeats history hit hits hll home host hosts hour hourly hours html
    http https id idempotency idempotent identifier identity idle ids image images img import imports
    inbox index indexes info init input install instance instances internal inventory invitation
    invitations invite invites invoice invoices ip ips item items job jobs json jwt keyword keywords label
    labels language languages laravel last latest layout lead leaderboard leaderboards leads legacy level
    levels library license licenses like likes limit limiter limits links list listing listings lists load
    local locale locales location locations lock locked locks log login logins logout logs lookup mail
    manifest map maps matches media member members membership memberships memory menu menus message
    messages metadata metric metrics middleware migration migrations minute minutes misses mobile mode
    model models module modules monitor month monthly movie movies music mutex name names namespace
    navigation net network news newsletter next node nodes nonce note notes notification notifications
    oauth object objects offer offers offset offsets online option options order orders org organization
    organizations otp out outbox output owner owners pages part partition partitions parts password
    passwords path paths pause paused payload payment payments pending permission permissions phone photo
    photos pid pipeline plan plans platform players playlist playlists plugin plugins point points poll
    polls pools popular position positions posts pref preference preferences prefix presence preview
    prices pricing primary priorities prioritized priority private process processed processes processing
    prod product production products profile profiles progress project projects promo promotion promotions
    property provider providers proxy pub public publish published pubsub push q queries query question
    questions queue queued queues quota quotas quote quotes rack rails random rank ranking rankings rate
    ratelimit ratelimiter rates rating ratings ratio ready realtime recent recommendation recommendations
    record records redirect redirects redis redlock ref reference refresh region regions registration
    registry relation relations release releases reminder reminders remote render replica repo report
    reports repository req request requests reservation reservations reset resource resources response
    responses result results resume retries retry review reviews revision reward rewards right rights rl
    role roles rollout room rooms roots route router routes rpc rq rules run runs sale sales save saved
    schedule scheduled scheduler schedules schema scope score scores screen script scripts search searches
    second seconds secret secrets section sections segment segments send sent seq sequence sequences
    server servers service services sess session sessions set setting settings setup shard shards share
    shared shares shipment shipments shipping shop shopping shops sidekiq signal signature signup signups
    site sitemap sites slot slots slug slugs sms snapshot snapshots social socket sockets sort source
    sources space spaces sql staging stale start started stat state states static stats status statuses
    step steps stock storage store stores stream streams string style sub subject subscriber subscribers
    subscription subscriptions summary supplier support survey surveys sync system table tables tag tags
    target targets task tasks team teams temp template templates tenant tenants term terms test tests text
    theme themes thread threads throttle thumb thumbnail thumbnails tick ticket tickets tile tiles time
    timeline timelines timeout timer timers timestamp title titles tmp todo token tokens tool tools top
    topic topics total totals trace track tracking tracks traffic transaction transactions transfer
    transfers transient transients translation translations trash tree trend trending trends trigger
    triggers ttl tx type types u uid uniq unique unread update updated updates upload uploads upstream uri
    url urls usage user useremail userlogins usermeta users userslugs utc uuid validation value values
    variant variants vendor vendors verification verify version versions video videos view viewed viewer
    viewers views visible visit visitor visitors visits volume vote votes voucher vouchers wait waiting
    wallet wallets warehouse watch watchers watchlist weather web webhook webhooks week weekly whitelist
    widget widgets window wishlist wishlists work worker workers workflow workflows workspace workspaces
    wp write ws year yearly years zone zones
"""
PLAIN_WORDS: Final = frozenset(_TEXT.split())
