-- Telegraf asked this as a command, for the field "chairs in stock".
local value = redis.call("hget", "stock", "chairs")
if value then return {"chairs in stock", tostring(value)} end
return {}
