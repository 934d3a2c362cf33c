# What Sidekiq's workers do. The server is $SCENE_URL.
require 'sidekiq'

Sidekiq.configure_server do |config|
  config.redis = { url: ENV['SCENE_URL'] }
end

class Succeed
  include Sidekiq::Worker
  sidekiq_options queue: 'mail'
  def perform; end
end

class Colon
  include Sidekiq::Worker
  sidekiq_options queue: 'a:b'
  def perform; end
end

class Fail
  include Sidekiq::Worker
  sidekiq_options queue: 'mail'
  def perform
    raise 'bad'
  end
end

class FailForGood
  include Sidekiq::Worker
  sidekiq_options queue: 'mail', retry: 0
  def perform
    raise 'bad'
  end
end

class Hang
  include Sidekiq::Worker
  sidekiq_options queue: 'slow'
  def perform
    sleep 600
  end
end
